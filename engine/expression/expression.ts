// Expression: a typed tree over the columns of one stream, as plain data that survives JSON. It
// says what to compute; `bind.ts` gives it types and `compile.ts` runs it on batches. Types are
// not part of the tree, except where a person wrote them (literals, casts): they follow from the
// schema.
import type { DataType } from '../schema/index.ts'

/**
 * A literal's value in JSON. int64: `{ integer: digits }`; decimal: `{ decimal: text }`; bytes:
 * `{ base64 }`; float64 that JSON lacks: `{ float: 'NaN' | 'Infinity' | '-Infinity' | '-0' }`;
 * int32, date (days), timestamp (microseconds) and other float64: number.
 */
export type LiteralValue =
  | null
  | boolean
  | number
  | string
  | { readonly integer: string }
  | { readonly decimal: string }
  | { readonly base64: string }
  | { readonly float: 'NaN' | 'Infinity' | '-Infinity' | '-0' }

export type ArithmeticOperator = 'add' | 'sub' | 'mul' | 'div' | 'mod'
export type CompareOperator = 'eq' | 'ne' | 'lt' | 'le' | 'gt' | 'ge'

/** Units of `truncate`. Weeks begin on Monday. */
export type TimeUnit = 'second' | 'minute' | 'hour' | 'day' | 'week' | 'month' | 'quarter' | 'year'

/** Parts of a local date and time. `day-of-week` is 1 (Monday) to 7 (Sunday). */
export type TimePart =
  | 'year'
  | 'month'
  | 'day'
  | 'hour'
  | 'minute'
  | 'second'
  | 'day-of-week'
  | 'day-of-year'

/** Functions of one text; everything besides the text is fixed. Positions count code points. */
export type TextFunction =
  | { readonly name: 'length' | 'upper' | 'lower' | 'trim' }
  | { readonly name: 'substring'; readonly start: number; readonly length?: number }
  | { readonly name: 'starts-with' | 'ends-with' | 'contains'; readonly text: string }
  | { readonly name: 'like' | 'regex-matches'; readonly pattern: string }
  | { readonly name: 'replace'; readonly search: string; readonly replacement: string }
  | { readonly name: 'split-part'; readonly separator: string; readonly index: number }

export interface CaseBranch {
  readonly when: Expression
  readonly result: Expression
}

export type Expression =
  | { readonly kind: 'column'; readonly name: string }
  | { readonly kind: 'literal'; readonly type: DataType; readonly value: LiteralValue }
  | {
      readonly kind: 'arithmetic'
      readonly operator: ArithmeticOperator
      readonly left: Expression
      readonly right: Expression
    }
  | { readonly kind: 'negate'; readonly operand: Expression }
  | {
      readonly kind: 'compare'
      readonly operator: CompareOperator
      readonly left: Expression
      readonly right: Expression
    }
  | { readonly kind: 'and' | 'or'; readonly left: Expression; readonly right: Expression }
  | { readonly kind: 'not'; readonly operand: Expression }
  | { readonly kind: 'is-null'; readonly operand: Expression }
  | { readonly kind: 'list-length'; readonly operand: Expression }
  | { readonly kind: 'in'; readonly operand: Expression; readonly values: readonly Expression[] }
  | {
      readonly kind: 'case'
      readonly branches: readonly CaseBranch[]
      /** Absent: null. */
      readonly otherwise?: Expression
    }
  | { readonly kind: 'coalesce' | 'concat'; readonly operands: readonly Expression[] }
  | {
      readonly kind: 'cast'
      readonly operand: Expression
      readonly type: DataType
      /** What a value that does not fit becomes: a failure of its row, or null. */
      readonly onFailure: 'fail' | 'null'
    }
  | { readonly kind: 'text'; readonly function: TextFunction; readonly operand: Expression }
  | {
      readonly kind: 'time-part'
      readonly part: TimePart
      readonly operand: Expression
      readonly zone: string
    }
  | {
      readonly kind: 'truncate'
      readonly unit: TimeUnit
      readonly operand: Expression
      readonly zone: string
    }
  | { readonly kind: 'to-date'; readonly operand: Expression; readonly zone: string }
  | {
      readonly kind: 'add-time'
      readonly unit: 'micros' | 'days'
      readonly operand: Expression
      readonly by: Expression
      readonly zone: string
    }
  | { readonly kind: 'elapsed'; readonly end: Expression; readonly start: Expression }
  | { readonly kind: 'field'; readonly operand: Expression; readonly name: string }
  | { readonly kind: 'element'; readonly operand: Expression; readonly index: number }

/** The operands of an expression, left to right. */
export function operandsOf(expression: Expression): readonly Expression[] {
  switch (expression.kind) {
    case 'column':
    case 'literal':
      return []
    case 'arithmetic':
    case 'compare':
    case 'and':
    case 'or':
      return [expression.left, expression.right]
    case 'coalesce':
    case 'concat':
      return expression.operands
    case 'in':
      return [expression.operand, ...expression.values]
    case 'case': {
      const branches = expression.branches.flatMap((branch) => [branch.when, branch.result])
      return expression.otherwise === undefined ? branches : [...branches, expression.otherwise]
    }
    case 'elapsed':
      return [expression.end, expression.start]
    case 'add-time':
      return [expression.operand, expression.by]
    default:
      return [expression.operand]
  }
}

/** Names of the columns that an expression reads, each once, in order of first appearance. */
export function referencedColumns(expression: Expression): readonly string[] {
  const names = new Set<string>()
  collect(expression, names)
  return [...names]
}

function collect(expression: Expression, names: Set<string>): void {
  if (expression.kind === 'column') names.add(expression.name)
  for (const operand of operandsOf(expression)) collect(operand, names)
}
