// Access to structs and lists: a field by name, an element by index (0 is the first, -1 the last;
// null outside of the list) and the length of a list. Null where the struct or list is null.
import { type Column, columnLength, gatherColumn } from '../batch/index.ts'
import { assert } from '../errors.ts'
import type { DataType } from '../schema/index.ts'
import { type Bound, inherited, invalidExpression, typeMismatch } from './bound.ts'
import type { Expression } from './expression.ts'
import { columnOfScalars, hideRows, listOf, structOf } from './lanes.ts'

export function bindField(source: Expression, operand: Bound, name: string): Bound {
  const { type } = operand
  if (type.kind !== 'struct') throw typeMismatch(source, operand, 'a struct')
  const index = type.fields.findIndex((field) => field.name === name)
  const field = type.fields[index]
  if (field === undefined) {
    const names = type.fields.map((candidate) => candidate.name).join(', ')
    throw invalidExpression(source, `one of the fields ${names}`, `"${name}"`)
  }
  return {
    source,
    type: field.type,
    nullable: operand.nullable || field.nullable,
    fallible: operand.fallible,
    evaluate: (frame) => {
      const column = structOf(operand.evaluate(frame))
      const child = column.fields[index]
      assert(child !== undefined, `struct field ${index} of ${column.fields.length}`)
      return column.nulls === undefined ? child : hideRows(child, column.nulls)
    },
  }
}

export function bindListLength(source: Expression, operand: Bound): Bound {
  if (operand.type.kind !== 'list') throw typeMismatch(source, operand, 'a list')
  return {
    source,
    type: { kind: 'int32' },
    ...inherited([operand]),
    evaluate: (frame) => {
      const { offsets, nulls } = listOf(operand.evaluate(frame))
      const values = new Int32Array(offsets.length - 1)
      for (let i = 0; i < values.length; i++) values[i] = offsets[i + 1]! - offsets[i]!
      return { kind: 'int32', values, nulls }
    },
  }
}

export function bindElement(source: Expression, operand: Bound, index: number): Bound {
  const { type } = operand
  if (type.kind !== 'list') throw typeMismatch(source, operand, 'a list')
  if (!Number.isInteger(index)) throw invalidExpression(source, 'a whole number', String(index))
  return {
    source,
    type: type.item.type,
    nullable: true,
    fallible: operand.fallible,
    evaluate: (frame) => {
      const { offsets, items } = listOf(operand.evaluate(frame))
      return elements(items, offsets, index, type.item.type)
    },
  }
}

function elements(items: Column, offsets: Int32Array, index: number, type: DataType): Column {
  const length = offsets.length - 1
  const rows = new Int32Array(length)
  const outside = new Uint8Array(length)
  let anyOutside = false
  for (let row = 0; row < length; row++) {
    const at = index < 0 ? offsets[row + 1]! + index : offsets[row]! + index
    const isInside = at >= offsets[row]! && at < offsets[row + 1]!
    rows[row] = isInside ? at : 0
    outside[row] = isInside ? 0 : 1
    anyOutside ||= !isInside
  }
  if (columnLength(items) === 0) return columnOfScalars(type, new Array(length).fill(null))
  const picked = gatherColumn(items, rows)
  return anyOutside ? hideRows(picked, outside) : picked
}
