// Three-valued logic (Kleene): AND is false when a side is false, else null when a side is null;
// OR turns that round; NOT null is null. A row's right side can't fail it when the left side
// decides: `b <> 0 AND a / b > 3` is safe.
import type { BoolColumn, Column } from '../batch/index.ts'
import { columnLength } from '../batch/index.ts'
import { type Bound, type Frame, inherited, typeMismatch } from './bound.ts'
import type { Expression } from './expression.ts'
import { boolOf } from './lanes.ts'
import { MaskedFailures } from './row-failures.ts'

export function bindLogic(
  source: Expression,
  kind: 'and' | 'or',
  left: Bound,
  right: Bound,
): Bound {
  for (const operand of [left, right]) requireBool(source, operand)
  const decider = kind === 'and' ? 0 : 1
  return {
    source,
    type: { kind: 'bool' },
    ...inherited([left, right]),
    evaluate: (frame) => {
      const a = boolOf(left.evaluate(frame))
      const inner = right.fallible ? undecided(frame, a, decider) : frame
      const b = boolOf(right.evaluate(inner))
      if (a.nulls === undefined && b.nulls === undefined) return combine(kind, a.values, b.values)
      return combineNulls(a, b, decider)
    },
  }
}

export function bindNot(source: Expression, operand: Bound): Bound {
  requireBool(source, operand)
  return {
    source,
    type: { kind: 'bool' },
    ...inherited([operand]),
    evaluate: (frame) => {
      const { values, nulls } = boolOf(operand.evaluate(frame))
      const turned = new Uint8Array(values.length)
      for (let i = 0; i < turned.length; i++) {
        turned[i] = values[i] === 0 && (nulls === undefined || nulls[i] === 0) ? 1 : 0
      }
      return { kind: 'bool', values: turned, nulls }
    },
  }
}

/** Never null itself. */
export function bindIsNull(source: Expression, operand: Bound): Bound {
  return {
    source,
    type: { kind: 'bool' },
    nullable: false,
    fallible: operand.fallible,
    evaluate: (frame) => {
      const column = operand.evaluate(frame)
      const values = column.nulls ?? new Uint8Array(columnLength(column))
      return { kind: 'bool', values, nulls: undefined }
    },
  }
}

export function requireBool(source: Expression, operand: Bound): void {
  if (operand.type.kind !== 'bool') throw typeMismatch(source, operand, 'bool')
}

function undecided(frame: Frame, left: BoolColumn, decider: number): Frame {
  const active = new Uint8Array(left.values.length)
  const { values, nulls } = left
  for (let i = 0; i < active.length; i++) {
    active[i] = values[i] !== decider || nulls?.[i] === 1 ? 1 : 0
  }
  return { batch: frame.batch, failures: new MaskedFailures(frame.failures, active) }
}

function combine(kind: 'and' | 'or', a: Uint8Array, b: Uint8Array): Column {
  const values = new Uint8Array(a.length)
  if (kind === 'and') for (let i = 0; i < values.length; i++) values[i] = a[i]! & b[i]!
  else for (let i = 0; i < values.length; i++) values[i] = a[i]! | b[i]!
  return { kind: 'bool', values, nulls: undefined }
}

function combineNulls(a: BoolColumn, b: BoolColumn, decider: number): Column {
  const length = a.values.length
  const values = new Uint8Array(length)
  const nulls = new Uint8Array(length)
  for (let i = 0; i < length; i++) {
    const isNullA = a.nulls !== undefined && a.nulls[i] === 1
    const isNullB = b.nulls !== undefined && b.nulls[i] === 1
    const decidesA = !isNullA && a.values[i] === decider
    const decidesB = !isNullB && b.values[i] === decider
    if (decidesA || decidesB) values[i] = decider
    else if (isNullA || isNullB) nulls[i] = 1
    else values[i] = 1 - decider
  }
  return { kind: 'bool', values, nulls }
}
