// bind: an expression meets a schema. One walk gives types and evaluators together, so that what
// `expressionType` says and what a compiled expression computes can't differ.
import { columnAt } from '../batch/index.ts'
import { columnIndex, fieldAt, type Schema } from '../schema/index.ts'
import { bindArithmetic, bindNegate } from './arithmetic.ts'
import { type Bound, invalidExpression } from './bound.ts'
import { bindCast } from './cast.ts'
import { bindCase, bindCoalesce, bindIn } from './choose.ts'
import { bindCompare } from './compare.ts'
import type { Expression } from './expression.ts'
import { boundConstant, scalarOfLiteral } from './literal.ts'
import { bindIsNull, bindLogic, bindNot } from './logic.ts'
import { bindElement, bindField, bindListLength } from './nested.ts'
import { bindConcat, bindText } from './text.ts'
import { bindAddTime, bindElapsed, bindTimePart, bindToDate, bindTruncate } from './time.ts'

/** Levels of one expression; deeper ones are refused before they exhaust the stack. */
const EXPRESSION_DEPTH_MAX = 500

/** @throws ConfigError COLUMN_UNKNOWN, EXPRESSION_TYPE, EXPRESSION_INVALID, LITERAL_TYPE … */
export function bind(expression: Expression, schema: Schema<unknown>, depth = 0): Bound {
  if (depth > EXPRESSION_DEPTH_MAX) {
    const leaf: Expression = { kind: 'column', name: '…' }
    throw invalidExpression(leaf, `at most ${EXPRESSION_DEPTH_MAX} levels`, 'more')
  }
  const inner = (operand: Expression): Bound => bind(operand, schema, depth + 1)
  switch (expression.kind) {
    case 'column':
      return bindColumn(expression, expression.name, schema)
    case 'literal':
      return boundConstant(expression.type, scalarOfLiteral(expression))
    case 'arithmetic': {
      const { operator, left, right } = expression
      return bindArithmetic(expression, operator, inner(left), inner(right))
    }
    case 'negate':
      return bindNegate(expression, inner(expression.operand))
    case 'compare': {
      const { operator, left, right } = expression
      return bindCompare(expression, operator, inner(left), inner(right))
    }
    case 'and':
    case 'or':
      return bindLogic(expression, expression.kind, inner(expression.left), inner(expression.right))
    case 'not':
      return bindNot(expression, inner(expression.operand))
    case 'is-null':
      return bindIsNull(expression, inner(expression.operand))
    case 'in':
      return bindIn(expression, inner(expression.operand), expression.values.map(inner))
    case 'case':
      return bindCase(
        expression,
        expression.branches.map(({ when, result }) => ({
          when: inner(when),
          result: inner(result),
        })),
        expression.otherwise && inner(expression.otherwise),
      )
    case 'coalesce':
      return bindCoalesce(expression, expression.operands.map(inner))
    case 'concat':
      return bindConcat(expression, expression.operands.map(inner))
    case 'cast':
      return bindCast(expression, inner(expression.operand), expression.type, expression.onFailure)
    case 'text':
      return bindText(expression, expression.function, inner(expression.operand))
    default:
      return bindPlace(expression, inner)
  }
}

type PlaceExpression = Extract<
  Expression,
  {
    kind:
      | 'time-part'
      | 'truncate'
      | 'to-date'
      | 'add-time'
      | 'elapsed'
      | 'field'
      | 'element'
      | 'list-length'
  }
>

/** Times and places within nested values. */
function bindPlace(expression: PlaceExpression, inner: (operand: Expression) => Bound): Bound {
  switch (expression.kind) {
    case 'time-part': {
      const { part, operand, zone } = expression
      return bindTimePart(expression, part, inner(operand), zone)
    }
    case 'truncate':
      return bindTruncate(expression, expression.unit, inner(expression.operand), expression.zone)
    case 'to-date':
      return bindToDate(expression, inner(expression.operand), expression.zone)
    case 'add-time':
      return bindAddTime(expression, inner(expression.operand), inner(expression.by))
    case 'elapsed':
      return bindElapsed(expression, inner(expression.end), inner(expression.start))
    case 'field':
      return bindField(expression, inner(expression.operand), expression.name)
    case 'element':
      return bindElement(expression, inner(expression.operand), expression.index)
    case 'list-length':
      return bindListLength(expression, inner(expression.operand))
  }
}

function bindColumn(source: Expression, name: string, schema: Schema<unknown>): Bound {
  const index = columnIndex(schema, name)
  const { type, nullable } = fieldAt(schema, index)
  return {
    source,
    type,
    nullable,
    fallible: false,
    evaluate: ({ batch }) => columnAt(batch, index),
  }
}
