// SQL-like text of an expression, for `explain` and for errors. It is made to be read by people;
// no parser for it exists.
import { typeName } from '../schema/index.ts'
import type { Expression, LiteralValue, TextFunction } from './expression.ts'

const symbols = {
  add: '+',
  sub: '-',
  mul: '*',
  div: '/',
  mod: '%',
  eq: '=',
  ne: '<>',
  lt: '<',
  le: '<=',
  gt: '>',
  ge: '>=',
} as const

/** The expression as one line of SQL-like text: `(order_total * 2) > 10`. */
export function describeExpression(expression: Expression): string {
  switch (expression.kind) {
    case 'column':
      return expression.name
    case 'literal':
      return literalText(expression.value)
    case 'arithmetic':
    case 'compare':
      return infix(expression.left, symbols[expression.operator], expression.right)
    case 'and':
    case 'or':
      return infix(expression.left, expression.kind.toUpperCase(), expression.right)
    case 'negate':
      return `-${nested(expression.operand)}`
    case 'not':
      return expression.operand.kind === 'is-null'
        ? `${nested(expression.operand.operand)} IS NOT NULL`
        : `NOT ${nested(expression.operand)}`
    case 'is-null':
      return `${nested(expression.operand)} IS NULL`
    case 'in':
      return `${nested(expression.operand)} IN (${list(expression.values)})`
    case 'case':
      return caseText(expression)
    case 'coalesce':
    case 'concat':
      return `${expression.kind.toUpperCase()}(${list(expression.operands)})`
    case 'cast': {
      const name = expression.onFailure === 'null' ? 'TRY_CAST' : 'CAST'
      return `${name}(${describeExpression(expression.operand)} AS ${typeName(expression.type)})`
    }
    case 'field':
      return `${nested(expression.operand)}.${expression.name}`
    case 'element':
      return `${nested(expression.operand)}[${expression.index}]`
    case 'list-length':
      return `CARDINALITY(${describeExpression(expression.operand)})`
    case 'text':
      return textCall(expression.function, expression.operand)
    default:
      return timeText(expression)
  }
}

type TimeExpression = Extract<
  Expression,
  { kind: 'time-part' | 'truncate' | 'to-date' | 'add-time' | 'elapsed' }
>

function timeText(expression: TimeExpression): string {
  switch (expression.kind) {
    case 'elapsed':
      return `ELAPSED(${list([expression.end, expression.start])})`
    case 'add-time': {
      const by = describeExpression(expression.by)
      const unit = expression.unit.toUpperCase()
      return `ADD_${unit}(${describeExpression(expression.operand)}, ${by}${zoneText(expression)})`
    }
    case 'time-part': {
      const name = expression.part.toUpperCase().replaceAll('-', '_')
      return `${name}(${describeExpression(expression.operand)}${zoneText(expression)})`
    }
    case 'truncate': {
      const unit = expression.unit.toUpperCase()
      return `TRUNCATE(${describeExpression(expression.operand)} TO ${unit}${zoneText(expression)})`
    }
    case 'to-date':
      return `TO_DATE(${describeExpression(expression.operand)}${zoneText(expression)})`
  }
}

function zoneText(expression: { readonly zone: string }): string {
  return expression.zone === 'UTC' ? '' : `, ${quoted(expression.zone)}`
}

function infix(left: Expression, symbol: string, right: Expression): string {
  return `${nested(left)} ${symbol} ${nested(right)}`
}

function nested(expression: Expression): string {
  const text = describeExpression(expression)
  const infixes = ['arithmetic', 'compare', 'and', 'or', 'not', 'is-null', 'in', 'negate']
  const isLike = expression.kind === 'text' && expression.function.name === 'like'
  return isLike || infixes.includes(expression.kind) ? `(${text})` : text
}

function list(expressions: readonly Expression[]): string {
  return expressions.map(describeExpression).join(', ')
}

function caseText(expression: Extract<Expression, { kind: 'case' }>): string {
  const branches = expression.branches.map(
    ({ when, result }) => `WHEN ${describeExpression(when)} THEN ${describeExpression(result)}`,
  )
  const { otherwise } = expression
  const last = otherwise === undefined ? [] : [`ELSE ${describeExpression(otherwise)}`]
  return ['CASE', ...branches, ...last, 'END'].join(' ')
}

function textCall(call: TextFunction, operand: Expression): string {
  const text = describeExpression(operand)
  switch (call.name) {
    case 'substring':
      return `SUBSTRING(${text}, ${[call.start, ...given(call.length)].join(', ')})`
    case 'starts-with':
    case 'ends-with':
    case 'contains':
      return `${call.name.toUpperCase().replace('-', '_')}(${text}, ${quoted(call.text)})`
    case 'like':
      return `${nested(operand)} LIKE ${quoted(call.pattern)}`
    case 'regex-matches':
      return `REGEX_MATCHES(${text}, ${quoted(call.pattern)})`
    case 'replace':
      return `REPLACE(${text}, ${quoted(call.search)}, ${quoted(call.replacement)})`
    case 'split-part':
      return `SPLIT_PART(${text}, ${quoted(call.separator)}, ${call.index})`
    default:
      return `${call.name.toUpperCase()}(${text})`
  }
}

function given(value: number | undefined): readonly number[] {
  return value === undefined ? [] : [value]
}

function quoted(text: string): string {
  return `'${text.replaceAll("'", "''")}'`
}

function literalText(value: LiteralValue): string {
  if (value === null) return 'NULL'
  if (typeof value === 'string') return quoted(value)
  if (typeof value !== 'object') return String(value).toUpperCase()
  if ('integer' in value) return value.integer
  if ('decimal' in value) return value.decimal
  if ('float' in value) return value.float
  return `X'${Buffer.from(value.base64, 'base64').toString('hex')}'`
}
