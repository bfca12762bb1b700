// Expressions: built fluently, kept as plain data, evaluated on whole columns.
export {
  type ColumnsOf,
  caseWhen,
  coalesce,
  col,
  columns,
  concat,
  dateLiteral,
  decimalLiteral,
  lit,
  type RowOfExpressions,
  timestampLiteral,
} from './builder.ts'
export {
  type CompiledExpression,
  compileExpression,
  type ExpressionType,
  expressionType,
} from './compile.ts'
export { describeExpression } from './describe.ts'
export { type AnyExpr, Expr, type Operand } from './expr.ts'
export {
  type ArithmeticOperator,
  type CompareOperator,
  type Expression,
  referencedColumns,
  type TextFunction,
  type TimePart,
  type TimeUnit,
} from './expression.ts'
export { type FailureCode, failureError, type RowFailure, RowFailures } from './row-failures.ts'
