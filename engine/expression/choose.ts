// CASE, COALESCE and IN. The branches of CASE and COALESCE meet in one type. A branch that a row
// does not take can't fail the row, although it is computed for the whole batch.
import { type Column, concatColumns, gatherColumn, type IntegerColumn } from '../batch/index.ts'
import { assert } from '../errors.ts'
import { type DataType, sameType, typeName } from '../schema/index.ts'
import { type Bound, type Frame, inherited, invalidExpression, typeMismatch } from './bound.ts'
import { widen } from './cast.ts'
import { asPeer, bindCompare } from './compare.ts'
import type { Expression } from './expression.ts'
import { boolOf, isNarrow, numberOf, textOf } from './lanes.ts'
import { boundConstant } from './literal.ts'
import { bindLogic, requireBool } from './logic.ts'
import { MaskedFailures } from './row-failures.ts'
import { equalAnyLoop, pickLoop } from './text-lanes.ts'
import { commonType } from './type-rules.ts'

export function bindCase(
  source: Expression,
  branches: readonly { readonly when: Bound; readonly result: Bound }[],
  otherwise: Bound | undefined,
): Bound {
  if (branches.length === 0) throw invalidExpression(source, 'at least one branch', 'none')
  for (const { when } of branches) requireBool(source, when)
  const results = branches.map(({ result }) => result)
  const { type, operands } = unified(source, otherwise ? [...results, otherwise] : results)
  if (otherwise === undefined) operands.push(boundConstant(type, null))
  const conditions = branches.map(({ when }) => when)
  const pick = columnPicker()
  return {
    source,
    type,
    nullable: operands.some((operand) => operand.nullable),
    fallible: [...conditions, ...operands].some((operand) => operand.fallible),
    evaluate: (frame) => {
      const chosen = chooseBranches(frame, conditions)
      const columns = operands.map((operand, index) =>
        operand.evaluate(operand.fallible ? where(frame, chosen, index) : frame),
      )
      return pick(columns, chosen)
    },
  }
}

export function bindCoalesce(source: Expression, given: readonly Bound[]): Bound {
  if (given.length === 0) throw invalidExpression(source, 'at least one operand', 'none')
  const { type, operands } = unified(source, given)
  const pick = columnPicker()
  return {
    source,
    type,
    nullable: operands.every((operand) => operand.nullable),
    fallible: operands.some((operand) => operand.fallible),
    evaluate: (frame) => {
      const chosen = new Int32Array(frame.batch.length).fill(-1)
      const columns = operands.map((operand, index) => {
        const isLast = index === operands.length - 1
        const column = operand.evaluate(operand.fallible ? where(frame, chosen, -1) : frame)
        for (let row = 0; row < chosen.length; row++) {
          const isNull = !isLast && column.nulls !== undefined && column.nulls[row] === 1
          if (chosen[row] === -1 && !isNull) chosen[row] = index
        }
        return column
      })
      return pick(columns, chosen)
    },
  }
}

/** x IN (…): true when equal to a value, else null when x or a value is null, else false. */
export function bindIn(source: Expression, operand: Bound, values: readonly Bound[]): Bound {
  if (values.length === 0) throw invalidExpression(source, 'at least one value', 'none')
  if (values.some((value) => value.constant === undefined)) {
    throw invalidExpression(source, 'literals only', 'a column', 'Use eq and or for columns.')
  }
  const present = values.filter((value) => value.constant?.value !== null)
  const texts = present.flatMap(({ constant }) =>
    typeof constant?.value === 'string' ? [constant.value] : [],
  )
  if (operand.type.kind !== 'string' || texts.length < values.length) {
    const tests = values.map((value) => bindCompare(source, 'eq', operand, value))
    return tests.reduce((left, right) => bindLogic(source, 'or', left, right))
  }
  const loop = equalAnyLoop(texts)
  return {
    source,
    type: { kind: 'bool' },
    ...inherited([operand]),
    evaluate: (frame) => {
      const column = textOf(operand.evaluate(frame))
      const found = new Uint8Array(frame.batch.length)
      loop(column, found)
      return { kind: 'bool', values: found, nulls: column.nulls }
    },
  }
}

/** All operands in the type that they meet in. */
function unified(source: Expression, given: readonly Bound[]) {
  const written = given.filter((operand) => operand.constant === undefined)
  const [first] = written.length > 0 ? written : given.filter((o) => o.constant?.value !== null)
  const lead = first ?? given[0]
  assert(lead !== undefined, 'something to unify')
  const leadType = written.reduce((type, operand) => meet(source, type, operand), lead.type)
  const adapted = given.map((operand) => asPeer(operand, leadType))
  const type = adapted.reduce((common, operand) => meet(source, common, operand), leadType)
  return { type, operands: adapted.map((operand) => widen(operand, type)) }
}

function meet(source: Expression, type: DataType, operand: Bound): DataType {
  if (operand.constant?.value === null || sameType(type, operand.type)) return type
  const common = commonType(type, operand.type)
  if (common !== undefined) return common
  throw typeMismatch(source, operand, `a type that meets ${typeName(type)} without loss`)
}

/** The branch of each row: the first whose condition is true, else the number of conditions. */
function chooseBranches(frame: Frame, conditions: readonly Bound[]): Int32Array {
  const none = conditions.length
  const chosen = new Int32Array(frame.batch.length).fill(none)
  conditions.forEach((condition, index) => {
    const inner = condition.fallible ? where(frame, chosen, none) : frame
    // Below a null stands 0, so a value of 1 is true; no branch, as in the loops of comparison.
    const { values } = boolOf(condition.evaluate(inner))
    for (let row = 0; row < chosen.length; row++) {
      const isOpen = Number(chosen[row]! === none)
      chosen[row]! -= values[row]! * isOpen * (none - index)
    }
  })
  return chosen
}

/** The frame in which only the rows that chose `index` can fail. */
function where(frame: Frame, chosen: Int32Array, index: number): Frame {
  const active = new Uint8Array(chosen.length)
  for (let row = 0; row < active.length; row++) active[row] = chosen[row] === index ? 1 : 0
  return { batch: frame.batch, failures: new MaskedFailures(frame.failures, active) }
}

/** Gives row r of column `chosen[r]`, for columns of one type; texts keep their dictionary. */
function columnPicker(): (columns: readonly Column[], chosen: Int32Array) => Column {
  const pickTexts = pickLoop()
  return (columns, chosen) => {
    const texts = columns.filter((column) => column.kind === 'dictionary')
    if (columns.length === 1 || texts.length < columns.length) return pickColumn(columns, chosen)
    return { kind: 'dictionary', ...pickTexts(texts, chosen), nulls: pickNulls(columns, chosen) }
  }
}

function pickColumn(columns: readonly Column[], chosen: Int32Array): Column {
  const [first] = columns
  assert(first !== undefined, 'a column to pick from')
  if (columns.length === 1) return first
  if (first.kind === 'integer' && columns.every((column) => isNarrow(numberOf(column)))) {
    return pickIntegers(columns, chosen)
  }
  const rows = new Int32Array(chosen.length)
  for (let row = 0; row < rows.length; row++) rows[row] = chosen[row]! * rows.length + row
  return gatherColumn(concatColumns(columns), rows)
}

function pickIntegers(columns: readonly Column[], chosen: Int32Array): IntegerColumn {
  const values = new Float64Array(chosen.length)
  columns.forEach((column, index) => {
    const lane = column.kind === 'integer' ? column.values : values
    for (let row = 0; row < chosen.length; row++) {
      if (chosen[row] === index) values[row] = lane[row]!
    }
  })
  return { kind: 'integer', values, wide: undefined, nulls: pickNulls(columns, chosen) }
}

function pickNulls(columns: readonly Column[], chosen: Int32Array): Uint8Array | undefined {
  if (columns.every((column) => column.nulls === undefined)) return undefined
  const nulls = new Uint8Array(chosen.length)
  columns.forEach((column, index) => {
    if (column.nulls === undefined) return
    for (let row = 0; row < nulls.length; row++) {
      if (chosen[row] === index) nulls[row] = column.nulls[row]!
    }
  })
  return nulls
}
