// Expr: the fluent way to write an Expression. It carries the TypeScript type of a row's value, so
// that what can be seen from row types is checked while writing; the schema decides the rest when
// the expression is bound. `Expr<unknown>` (from a bare `col`) is checked by the schema alone.
import type { ColumnSpec } from '../schema/index.ts'
import type {
  ArithmeticOperator,
  CompareOperator,
  Expression,
  TextFunction,
  TimePart,
  TimeUnit,
} from './expression.ts'
import { literalOf, type PlainValue } from './literal.ts'

/** R, or null where T may be null. */
export type Nullable<T, R> = unknown extends T ? R | null : null extends T ? R | null : R

/** Values that may stand beside a T: decimals are text in rows and compare with all numbers. */
export type Peer<T> = unknown extends T
  ? unknown
  : NonNullable<T> extends boolean
    ? boolean | null
    : NonNullable<T> extends string
      ? string | number | bigint | null
      : NonNullable<T> extends number | bigint
        ? number | bigint | string | null
        : NonNullable<T> extends Uint8Array
          ? Uint8Array | null
          : never

/** An expression of any type, for those who only keep its tree. */
export interface AnyExpr {
  readonly node: Expression
  readonly row?: unknown
}

/** An expression or a plain value that becomes a literal. */
export type Operand<U> = Expr<U> | (U & PlainValue)

/** The row value of arithmetic: decimals win over int64, int64 over numbers. */
export type Arithmetic<A, B> = unknown extends A | B
  ? unknown
  : Nullable<
      A | B,
      Extract<A | B, string> extends never
        ? Extract<A | B, bigint> extends never
          ? number
          : bigint
        : string
    >

/** Methods of one kind of value exist on that kind and on untyped expressions. */
type On<T, Wanted> = unknown extends T ? Expr<T> : NonNullable<T> extends Wanted ? Expr<T> : never

type FieldName<T> = unknown extends T ? string : keyof NonNullable<T> & string
type FieldValue<T, K> = K extends keyof NonNullable<T> ? Nullable<T, NonNullable<T>[K]> : unknown
type ItemOf<T> = NonNullable<T> extends readonly (infer Item)[] ? Item | null : unknown

export class Expr<T> {
  /** The plain data that operators keep. */
  readonly node: Expression
  /** Carries `T` for inference only; always undefined. */
  readonly row?: T

  constructor(node: Expression) {
    this.node = node
  }

  add<U extends Peer<T>>(other: Operand<U>): Expr<Arithmetic<T, U>> {
    return this.#arithmetic('add', other)
  }

  sub<U extends Peer<T>>(other: Operand<U>): Expr<Arithmetic<T, U>> {
    return this.#arithmetic('sub', other)
  }

  mul<U extends Peer<T>>(other: Operand<U>): Expr<Arithmetic<T, U>> {
    return this.#arithmetic('mul', other)
  }

  /** Integers truncate towards zero; decimals follow `decimalResult`; float64 is IEEE 754. */
  div<U extends Peer<T>>(other: Operand<U>): Expr<Arithmetic<T, U>> {
    return this.#arithmetic('div', other)
  }

  /** The remainder of a truncated division: the sign is the dividend's. */
  mod<U extends Peer<T>>(other: Operand<U>): Expr<Arithmetic<T, U>> {
    return this.#arithmetic('mod', other)
  }

  neg(this: On<T, number | bigint | string>): Expr<T> {
    return new Expr({ kind: 'negate', operand: this.node })
  }

  eq<U extends Peer<T>>(other: Operand<U>): Expr<Nullable<T | U, boolean>> {
    return this.#compare('eq', other)
  }

  ne<U extends Peer<T>>(other: Operand<U>): Expr<Nullable<T | U, boolean>> {
    return this.#compare('ne', other)
  }

  lt<U extends Peer<T>>(other: Operand<U>): Expr<Nullable<T | U, boolean>> {
    return this.#compare('lt', other)
  }

  le<U extends Peer<T>>(other: Operand<U>): Expr<Nullable<T | U, boolean>> {
    return this.#compare('le', other)
  }

  gt<U extends Peer<T>>(other: Operand<U>): Expr<Nullable<T | U, boolean>> {
    return this.#compare('gt', other)
  }

  ge<U extends Peer<T>>(other: Operand<U>): Expr<Nullable<T | U, boolean>> {
    return this.#compare('ge', other)
  }

  /** low ≤ this ≤ high. */
  between<U extends Peer<T>, V extends Peer<T>>(
    low: Operand<U>,
    high: Operand<V>,
  ): Expr<Nullable<T | U | V, boolean>> {
    return new Expr({
      kind: 'and',
      left: { kind: 'compare', operator: 'ge', left: this.node, right: nodeOf(low) },
      right: { kind: 'compare', operator: 'le', left: this.node, right: nodeOf(high) },
    })
  }

  /** Equal to one of some fixed values. */
  in<U extends Peer<T>>(values: readonly Operand<U>[]): Expr<Nullable<T | U, boolean>> {
    const nodes = values.map((value) => nodeOf(value))
    return new Expr({ kind: 'in', operand: this.node, values: nodes })
  }

  isNull(): Expr<boolean> {
    return new Expr({ kind: 'is-null', operand: this.node })
  }

  isNotNull(): Expr<boolean> {
    return new Expr({ kind: 'not', operand: { kind: 'is-null', operand: this.node } })
  }

  and<U extends boolean | null>(
    this: On<T, boolean>,
    other: Operand<U> | Expr<unknown>,
  ): Expr<Nullable<T | U, boolean>> {
    return new Expr({ kind: 'and', left: this.node, right: nodeOf(other) })
  }

  or<U extends boolean | null>(
    this: On<T, boolean>,
    other: Operand<U> | Expr<unknown>,
  ): Expr<Nullable<T | U, boolean>> {
    return new Expr({ kind: 'or', left: this.node, right: nodeOf(other) })
  }

  not(this: On<T, boolean>): Expr<Nullable<T, boolean>> {
    return new Expr({ kind: 'not', operand: this.node })
  }

  /** A value that does not fit the type fails its row. @example col('total').cast(int64()) */
  cast<R>(to: ColumnSpec<R>): Expr<Nullable<T, R>> {
    return new Expr({ kind: 'cast', operand: this.node, type: to.type, onFailure: 'fail' })
  }

  /** A value that does not fit the type is null. */
  tryCast<R>(to: ColumnSpec<R>): Expr<R | null> {
    return new Expr({ kind: 'cast', operand: this.node, type: to.type, onFailure: 'null' })
  }

  /** Code points of a text. */
  length(this: On<T, string>): Expr<Nullable<T, number>> {
    return text(this.node, { name: 'length' })
  }

  upper(this: On<T, string>): Expr<Nullable<T, string>> {
    return text(this.node, { name: 'upper' })
  }

  lower(this: On<T, string>): Expr<Nullable<T, string>> {
    return text(this.node, { name: 'lower' })
  }

  /** Without spaces (U+0020) at both ends. */
  trim(this: On<T, string>): Expr<Nullable<T, string>> {
    return text(this.node, { name: 'trim' })
  }

  /** Code points from `start` (1 = the first) on, at most `length` of them. */
  substring(this: On<T, string>, start: number, length?: number): Expr<Nullable<T, string>> {
    const call = { name: 'substring', start } as const
    return text(this.node, length === undefined ? call : { ...call, length })
  }

  startsWith(this: On<T, string>, prefix: string): Expr<Nullable<T, boolean>> {
    return text(this.node, { name: 'starts-with', text: prefix })
  }

  endsWith(this: On<T, string>, suffix: string): Expr<Nullable<T, boolean>> {
    return text(this.node, { name: 'ends-with', text: suffix })
  }

  contains(this: On<T, string>, part: string): Expr<Nullable<T, boolean>> {
    return text(this.node, { name: 'contains', text: part })
  }

  /** The whole text against `%` (any text), `_` (one code point) and `\` (next one literally). */
  like(this: On<T, string>, pattern: string): Expr<Nullable<T, boolean>> {
    return text(this.node, { name: 'like', pattern })
  }

  /** True when a JavaScript regular expression (flag u) is found anywhere in the text. */
  regexMatches(this: On<T, string>, pattern: string): Expr<Nullable<T, boolean>> {
    return text(this.node, { name: 'regex-matches', pattern })
  }

  replace(this: On<T, string>, search: string, replacement: string): Expr<Nullable<T, string>> {
    return text(this.node, { name: 'replace', search, replacement })
  }

  /** Part `index` (1 = the first) between separators; null when there are fewer. */
  splitPart(this: On<T, string>, separator: string, index: number): Expr<string | null> {
    return text(this.node, { name: 'split-part', separator, index })
  }

  /** A part of the local date and time in a zone: year, month, …, `day-of-week` 1 = Monday. */
  part(this: On<T, number>, part: TimePart, zone = 'UTC'): Expr<Nullable<T, number>> {
    return new Expr({ kind: 'time-part', part, operand: this.node, zone })
  }

  /** The start of the local second, …, week (Monday), …, year in which a time lies. */
  truncate(this: On<T, number>, unit: TimeUnit, zone = 'UTC'): Expr<Nullable<T, number>> {
    return new Expr({ kind: 'truncate', unit, operand: this.node, zone })
  }

  /** The local calendar date of a timestamp. */
  toDate(this: On<T, number>, zone = 'UTC'): Expr<Nullable<T, number>> {
    return new Expr({ kind: 'to-date', operand: this.node, zone })
  }

  addMicros<U extends number | bigint | null>(
    this: On<T, number>,
    by: Operand<U> | Expr<unknown>,
  ): Expr<Nullable<T | U, number>> {
    const [operand, zone] = [this.node, 'UTC']
    return new Expr({ kind: 'add-time', unit: 'micros', operand, by: nodeOf(by), zone })
  }

  /** Calendar days: a timestamp keeps its local time of day in the zone. */
  addDays<U extends number | bigint | null>(
    this: On<T, number>,
    by: Operand<U> | Expr<unknown>,
    zone = 'UTC',
  ): Expr<Nullable<T | U, number>> {
    return new Expr({ kind: 'add-time', unit: 'days', operand: this.node, by: nodeOf(by), zone })
  }

  /** this - start: microseconds between timestamps, days between dates. */
  since<U extends number | null>(
    this: On<T, number>,
    start: Expr<U> | Expr<unknown>,
  ): Expr<Nullable<T | U, bigint>> {
    return new Expr({ kind: 'elapsed', end: this.node, start: start.node })
  }

  /** A field of a struct. */
  field<K extends FieldName<T>>(name: K): Expr<FieldValue<T, K>> {
    return new Expr({ kind: 'field', operand: this.node, name })
  }

  /** An element of a list: 0 is the first, -1 the last; null outside of the list. */
  element(index: number): Expr<ItemOf<T>> {
    return new Expr({ kind: 'element', operand: this.node, index })
  }

  listLength(this: On<T, readonly unknown[]>): Expr<Nullable<T, number>> {
    return new Expr({ kind: 'list-length', operand: this.node })
  }

  #arithmetic<R>(operator: ArithmeticOperator, other: AnyExpr | PlainValue): Expr<R> {
    return new Expr({ kind: 'arithmetic', operator, left: this.node, right: nodeOf(other) })
  }

  #compare<R>(operator: CompareOperator, other: AnyExpr | PlainValue): Expr<R> {
    return new Expr({ kind: 'compare', operator, left: this.node, right: nodeOf(other) })
  }
}

/** The tree of an operand; plain values become literals. */
export function nodeOf(operand: AnyExpr | PlainValue): Expression {
  return typeof operand === 'object' && 'node' in operand ? operand.node : literalOf(operand)
}

function text<R>(operand: Expression, call: TextFunction): Expr<R> {
  return new Expr({ kind: 'text', function: call, operand })
}
