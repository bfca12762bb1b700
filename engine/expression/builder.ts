// The words with which expressions begin: columns, literals, and the constructs that have no first
// operand (CASE, COALESCE, CONCAT).
import { ConfigError } from '../errors.ts'
import type { ColumnSpec, DataType } from '../schema/index.ts'
import { parseDate, parseTimestamp } from './civil.ts'
import { type AnyExpr, Expr, type Nullable, nodeOf, type Operand } from './expr.ts'
import { literalOf, type PlainValue, typedLiteral } from './literal.ts'
import { decimalParts, digitCount } from './numbers.ts'

/** A column whose type only the schema knows. @example col('order_total').gt(10) */
export function col<T = unknown>(name: string): Expr<T> {
  return new Expr({ kind: 'column', name })
}

/** Gives the columns of one row type, checked by name. */
export type ColumnsOf<Row> = <K extends keyof Row & string>(name: K) => Expr<Row[K]>

/** Columns of a row type. @example const c = columns<Order>(); c('order_total').mul(2) */
export function columns<Row>(): ColumnsOf<Row> {
  return (name) => new Expr({ kind: 'column', name })
}

/** The row type of `{ name: expression }`. */
export type RowOfExpressions<Shape extends Readonly<Record<string, AnyExpr>>> = {
  readonly [K in keyof Shape]: Shape[K] extends Expr<infer T> ? T : never
}

type Widened<V> = V extends boolean
  ? boolean
  : V extends string
    ? string
    : V extends number
      ? number
      : V extends bigint
        ? bigint
        : V

/**
 * A literal. Without a type: bool, int32 (whole numbers that fit) or float64, int64 (bigint),
 * string, bytes. Beside a column it takes the column's type where it fits exactly. Null needs a
 * type.
 * @example lit(5), lit('1.10', decimal(3, 2)), lit(null, string())
 * @throws ConfigError LITERAL_TYPE when the type can't hold the value.
 */
export function lit<V extends PlainValue>(value: V): Expr<Widened<V>>
export function lit<R>(value: NoInfer<R>, spec: ColumnSpec<R>): Expr<R>
export function lit<R>(value: null, spec: ColumnSpec<R>): Expr<R | null>
export function lit(value: PlainValue | null, spec?: ColumnSpec<unknown>): Expr<unknown> {
  if (spec !== undefined) return new Expr(typedLiteral(value, spec.type))
  if (value === null) throw literalText('a type for null', 'null', 'Write lit(null, string()).')
  return new Expr(literalOf(value))
}

/** A decimal literal with just the digits it has. @example decimalLiteral('1.19') */
export function decimalLiteral(text: string): Expr<string> {
  const parts = decimalParts(text)
  if (parts === undefined) throw literalText('a decimal such as 12.50', text)
  const precision = Math.max(digitCount(parts.unscaled), parts.scale, 1)
  if (precision > 38) throw literalText('at most 38 digits', text)
  return new Expr(typedLiteral(text, { kind: 'decimal', precision, scale: parts.scale }))
}

/**
 * An instant from ISO 8601 text with its offset.
 * @example timestampLiteral('2024-03-31T00:00:00Z')
 */
export function timestampLiteral(text: string): Expr<number> {
  return timeLiteral(text, { kind: 'timestamp' }, parseTimestamp(text), 'an ISO 8601 instant')
}

/** A date from `YYYY-MM-DD`. */
export function dateLiteral(text: string): Expr<number> {
  return timeLiteral(text, { kind: 'date' }, parseDate(text), 'a date YYYY-MM-DD')
}

/**
 * The value of the first branch whose condition is true, else `otherwise` (null when left out).
 * @example caseWhen([[col('n').gt(9), 'many'], [col('n').gt(0), 'few']], 'none')
 */
export function caseWhen<U>(
  branches: readonly (readonly [AnyExpr, Operand<U>])[],
): Expr<Widened<U> | null>
export function caseWhen<U, V>(
  branches: readonly (readonly [AnyExpr, Operand<U>])[],
  otherwise: Operand<V>,
): Expr<Widened<U | V>>
export function caseWhen(
  branches: readonly (readonly [AnyExpr, AnyExpr | PlainValue])[],
  otherwise?: AnyExpr | PlainValue,
): Expr<unknown> {
  const nodes = branches.map(([when, result]) => ({ when: when.node, result: nodeOf(result) }))
  if (otherwise === undefined) return new Expr({ kind: 'case', branches: nodes })
  return new Expr({ kind: 'case', branches: nodes, otherwise: nodeOf(otherwise) })
}

/** The first operand that is not null. */
export function coalesce<T, U>(
  first: Expr<T>,
  ...others: readonly Operand<U>[]
): Expr<NonNullable<T> | Widened<U>> {
  const operands = [first.node, ...others.map((other) => nodeOf(other))]
  return new Expr({ kind: 'coalesce', operands })
}

/** Texts one after another; null when one is null. */
export function concat<U extends string | null>(
  ...operands: readonly (Operand<U> | Expr<unknown>)[]
): Expr<Nullable<U, string>> {
  return new Expr({ kind: 'concat', operands: operands.map((operand) => nodeOf(operand)) })
}

function timeLiteral(
  text: string,
  type: DataType,
  value: number | undefined,
  expected: string,
): Expr<number> {
  if (value === undefined) throw literalText(expected, text)
  return new Expr(typedLiteral(value, type))
}

function literalText(expected: string, found: string, remedy = 'Correct the text.'): ConfigError {
  return new ConfigError({
    code: 'LITERAL_TYPE',
    message: 'a literal can not be made',
    expected,
    found: found.slice(0, 60),
    remedy,
  })
}
