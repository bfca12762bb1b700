// Text functions: length, case, trim, substring, searches, LIKE, replace, split and regular
// expressions, and concat. Lengths and positions count code points; substring positions begin at
// 1. Patterns are fixed in the expression; `regex-matches` runs JavaScript's engine without a
// guard against backtracking, so patterns are bounded in size and should come from the job's
// author.
import { ByteWriter, type Column } from '../batch/index.ts'
import { assertNever } from '../errors.ts'
import { type Bound, inherited, invalidExpression, typeMismatch } from './bound.ts'
import type { Expression, TextFunction } from './expression.ts'
import { mergeNulls, textOf } from './lanes.ts'
import { likeTest } from './like.ts'
import { changeLoop, countLoop, type TextChange, testLoop, textRanges } from './text-lanes.ts'
import {
  byteIndexOf,
  codePointCount,
  replaceChange,
  splitPartChange,
  substringChange,
  trimChange,
} from './utf8.ts'

/** Characters of the pattern of `regexMatches`. */
export const REGEX_PATTERN_MAX = 1000

const encoder = new TextEncoder()
const decoder = new TextDecoder('utf-8', { ignoreBOM: true })

export function bindText(source: Expression, call: TextFunction, operand: Bound): Bound {
  if (operand.type.kind !== 'string') throw typeMismatch(source, operand, 'string')
  switch (call.name) {
    case 'length':
      return bindCount(source, operand)
    case 'starts-with':
    case 'ends-with':
    case 'contains':
    case 'like':
    case 'regex-matches':
      return bindTest(source, call, operand)
    default:
      return bindChange(source, textChange(source, call), call.name === 'split-part', operand)
  }
}

/** The texts one after another; null when one is null. */
export function bindConcat(source: Expression, operands: readonly Bound[]): Bound {
  if (operands.length === 0) throw invalidExpression(source, 'at least one operand', 'none')
  for (const operand of operands) {
    if (operand.type.kind !== 'string') throw typeMismatch(source, operand, 'string')
  }
  return {
    source,
    type: { kind: 'string' },
    ...inherited(operands),
    evaluate: (frame) => joinTexts(operands.map((operand) => operand.evaluate(frame))),
  }
}

function bindCount(source: Expression, operand: Bound): Bound {
  const loop = countLoop(codePointCount)
  return {
    source,
    type: { kind: 'int32' },
    ...inherited([operand]),
    evaluate: (frame) => {
      const column = textOf(operand.evaluate(frame))
      const values = new Int32Array(frame.batch.length)
      loop(column, values)
      return { kind: 'int32', values, nulls: column.nulls }
    },
  }
}

type TestFunction = Extract<
  TextFunction,
  { name: 'starts-with' | 'ends-with' | 'contains' | 'like' | 'regex-matches' }
>

function bindTest(source: Expression, call: TestFunction, operand: Bound): Bound {
  const loop = testLoop(textTest(source, call))
  return {
    source,
    type: { kind: 'bool' },
    ...inherited([operand]),
    evaluate: (frame) => {
      const column = textOf(operand.evaluate(frame))
      const values = new Uint8Array(frame.batch.length)
      loop(column, values)
      return { kind: 'bool', values, nulls: column.nulls }
    },
  }
}

function bindChange(
  source: Expression,
  change: TextChange,
  canBeNull: boolean,
  operand: Bound,
): Bound {
  const loop = changeLoop(change)
  return {
    source,
    type: { kind: 'string' },
    nullable: operand.nullable || canBeNull,
    fallible: operand.fallible,
    evaluate: (frame) => loop(textOf(operand.evaluate(frame))),
  }
}

function textTest(source: Expression, call: TestFunction) {
  switch (call.name) {
    case 'like':
      return likeTest(call.pattern)
    case 'regex-matches':
      return regexTest(source, call.pattern)
    default:
      return searchTest(call.name, encoder.encode(call.text))
  }
}

function searchTest(name: 'starts-with' | 'ends-with' | 'contains', wanted: Uint8Array) {
  const length = wanted.length
  return (bytes: Uint8Array, start: number, end: number): boolean => {
    if (end - start < length) return false
    if (name === 'contains') return byteIndexOf(bytes, start, end, wanted) >= 0
    const from = name === 'starts-with' ? start : end - length
    for (let i = 0; i < length; i++) if (bytes[from + i]! !== wanted[i]!) return false
    return true
  }
}

function regexTest(source: Expression, pattern: string) {
  if (pattern.length > REGEX_PATTERN_MAX) {
    const expected = `a pattern of at most ${REGEX_PATTERN_MAX} characters`
    throw invalidExpression(source, expected, `${pattern.length}`)
  }
  const regex = compiledRegex(source, pattern)
  return (bytes: Uint8Array, start: number, end: number) =>
    regex.test(decoder.decode(bytes.subarray(start, end)))
}

function compiledRegex(source: Expression, pattern: string): RegExp {
  try {
    return new RegExp(pattern, 'u')
  } catch (cause) {
    const found = cause instanceof Error ? cause.message : String(cause)
    throw invalidExpression(source, 'a regular expression of JavaScript, flag u', found)
  }
}

function textChange(source: Expression, call: Exclude<TextFunction, TestFunction>): TextChange {
  switch (call.name) {
    case 'upper':
      return stringChange((text) => text.toUpperCase())
    case 'lower':
      return stringChange((text) => text.toLowerCase())
    case 'trim':
      return trimChange
    case 'substring':
      requirePosition(source, call.start, 1)
      if (call.length !== undefined) requirePosition(source, call.length, 0)
      return substringChange(call.start, call.length)
    case 'replace':
      return replaceChange(encoder.encode(call.search), encoder.encode(call.replacement))
    case 'split-part':
      requirePosition(source, call.index, 1)
      if (call.separator === '') throw invalidExpression(source, 'a separator', 'an empty text')
      return splitPartChange(encoder.encode(call.separator), call.index)
    case 'length':
      throw invalidExpression(source, 'a function from text to text', call.name)
    default:
      return assertNever(call)
  }
}

function requirePosition(source: Expression, value: number, least: number): void {
  if (Number.isInteger(value) && value >= least) return
  throw invalidExpression(source, `a whole number of at least ${least}`, String(value))
}

/** A change that needs Unicode tables goes through a string. */
function stringChange(change: (text: string) => string): TextChange {
  return (bytes, start, end, out) => {
    out.raw(encoder.encode(change(decoder.decode(bytes.subarray(start, end)))))
    return true
  }
}

function joinTexts(columns: readonly Column[]): Column {
  const parts = columns.map((column) => textRanges(textOf(column)))
  const nulls = columns.reduce<Uint8Array | undefined>(
    (merged, column) => mergeNulls(merged, column.nulls),
    undefined,
  )
  const length = parts[0]?.starts.length ?? 0
  const offsets = new Int32Array(length + 1)
  const out = new ByteWriter(length * 16)
  for (let row = 0; row < length; row++) {
    if (nulls === undefined || nulls[row] === 0) {
      for (const part of parts) out.raw(part.bytes, part.starts[row]!, part.ends[row]!)
    }
    offsets[row + 1] = out.length
  }
  return { kind: 'plain', offsets, bytes: out.view(), nulls }
}
