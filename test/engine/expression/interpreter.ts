// A naive interpreter of expressions: one row at a time, no columns, no fast paths. It shares only
// the result *types* with the engine.
import { type Expression, expressionType } from '../../../engine/expression/index.ts'
import type { DataType, Schema } from '../../../engine/schema/index.ts'
import {
  arithmetic,
  cast,
  checked,
  compare,
  fraction,
  inputValue,
  integer,
  likeRegex,
  order,
  RowError,
  rowValue,
  type Value,
} from './exact-values.ts'

export { RowError }

type Row = Readonly<Record<string, unknown>>

export class Interpreter {
  readonly #schema: Schema<unknown>
  readonly #types = new Map<Expression, DataType>()

  constructor(schema: Schema<unknown>) {
    this.#schema = schema
  }

  /** The row value of an expression; throws RowError where the row fails. */
  run(expression: Expression, row: Row): unknown {
    return rowValue(this.#value(expression, row), this.#type(expression))
  }

  #type(expression: Expression): DataType {
    const known = this.#types.get(expression) ?? expressionType(expression, this.#schema).type
    this.#types.set(expression, known)
    return known
  }

  #value(e: Expression, row: Row): Value {
    switch (e.kind) {
      case 'column':
        return inputValue(row[e.name], this.#type(e))
      case 'literal': {
        const { value } = e
        if (value === null || typeof value !== 'object') return inputValue(value, e.type)
        if ('integer' in value) return inputValue(BigInt(value.integer), e.type)
        if ('decimal' in value) return inputValue(value.decimal, e.type)
        return 'float' in value ? Number(value.float) : null
      }
      case 'arithmetic': {
        const a = this.#value(e.left, row)
        const b = this.#value(e.right, row)
        return a === null || b === null ? null : arithmetic(e.operator, a, b, this.#type(e))
      }
      case 'negate': {
        const a = this.#value(e.operand, row)
        if (a === null) return null
        if (typeof a === 'number') return -a
        return checked({ n: -fraction(a).n, d: fraction(a).d }, this.#type(e))
      }
      case 'compare': {
        const a = this.#value(e.left, row)
        const b = this.#value(e.right, row)
        return a === null || b === null ? null : compare(e.operator, order(a, b))
      }
      case 'and':
      case 'or': {
        const decider = e.kind === 'or'
        const a = this.#value(e.left, row)
        if (a === decider) return decider
        const b = this.#value(e.right, row)
        if (b === decider) return decider
        return a === null || b === null ? null : !decider
      }
      case 'not': {
        const a = this.#value(e.operand, row)
        return a === null ? null : !a
      }
      case 'is-null':
        return this.#value(e.operand, row) === null
      case 'in':
        return this.#in(e, row)
      case 'case':
      case 'coalesce':
      case 'concat':
        return this.#choice(e, row)
      case 'cast':
        return this.#cast(e, row)
      case 'text':
        return this.#text(e, row)
      default:
        throw new Error(`the interpreter does not know ${e.kind}`)
    }
  }

  #in(e: Extract<Expression, { kind: 'in' }>, row: Row): Value {
    const a = this.#value(e.operand, row)
    const values = e.values.map((value) => this.#value(value, row))
    if (a === null) return null
    if (values.some((value) => value !== null && order(a, value) === 0)) return true
    return values.includes(null) ? null : false
  }

  #choice(e: Extract<Expression, { kind: 'case' | 'coalesce' | 'concat' }>, row: Row): Value {
    switch (e.kind) {
      case 'case': {
        const taken = e.branches.find(({ when }) => this.#value(when, row) === true)
        const result = taken === undefined ? e.otherwise : taken.result
        return result === undefined ? null : this.#value(result, row)
      }
      case 'coalesce': {
        for (const operand of e.operands) {
          const value = this.#value(operand, row)
          if (value !== null) return value
        }
        return null
      }
      case 'concat': {
        const parts = e.operands.map((operand) => this.#value(operand, row))
        return parts.includes(null) ? null : parts.join('')
      }
    }
  }

  #cast(e: Extract<Expression, { kind: 'cast' }>, row: Row): Value {
    const value = this.#value(e.operand, row)
    if (value === null) return null
    try {
      return cast(value, e.type)
    } catch (error) {
      if (e.onFailure === 'null' && error instanceof RowError) return null
      throw error
    }
  }

  #text(e: Extract<Expression, { kind: 'text' }>, row: Row): Value {
    const value = this.#value(e.operand, row)
    if (typeof value !== 'string') return null
    const call = e.function
    const points = [...value]
    switch (call.name) {
      case 'length':
        return integer(BigInt(points.length))
      case 'upper':
        return value.toUpperCase()
      case 'lower':
        return value.toLowerCase()
      case 'trim':
        return value.replace(/^ +/, '').replace(/ +$/, '')
      case 'substring': {
        const end = call.length === undefined ? undefined : call.start - 1 + call.length
        return points.slice(call.start - 1, end).join('')
      }
      case 'starts-with':
        return value.startsWith(call.text)
      case 'ends-with':
        return value.endsWith(call.text)
      case 'contains':
        return value.includes(call.text)
      case 'like':
        return likeRegex(call.pattern).test(value)
      case 'regex-matches':
        return new RegExp(call.pattern, 'u').test(value)
      case 'replace':
        return call.search === '' ? value : value.replaceAll(call.search, () => call.replacement)
      case 'split-part':
        return value.split(call.separator)[call.index - 1] ?? null
    }
  }
}
