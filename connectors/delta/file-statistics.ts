// FileStatistics: Delta's statistics of one data file, gathered while its batches are collected:
// row count, and for the first 32 leaf columns (as other writers) bounds and null counts. A struct
// nests; a null struct counts as null in each of its leaves.
import type { Column } from '../../engine/batch/index.ts'
import { assert } from '../../engine/errors.ts'
import type { Field } from '../../engine/schema/index.ts'
import { type ColumnStatistics, columnStatistics, joinNulls } from './column-statistics.ts'

/** Leaf columns that carry statistics: Delta's `dataSkippingNumIndexedCols`. */
const INDEXED_LEAVES_MAX = 32

interface Node {
  readonly name: string
  readonly leaf: ColumnStatistics | undefined
  readonly children: readonly Node[]
}

export class FileStatistics {
  rows = 0
  readonly #nodes: readonly Node[]

  constructor(fields: readonly Field[]) {
    this.#nodes = nodesOf(fields, { left: INDEXED_LEAVES_MAX })
  }

  /** One column a field, each `length` long. */
  add(columns: readonly Column[], length: number): void {
    this.rows += length
    addAll(this.#nodes, columns, undefined)
  }

  /** The text of `add.stats`. */
  toJson(): string {
    const min = objectText(this.#nodes, (leaf) => leaf.min())
    const max = objectText(this.#nodes, (leaf) => leaf.max())
    const nulls = objectText(this.#nodes, (leaf) => String(leaf.nullCount))
    const parts = [`"numRecords":${this.rows}`]
    parts.push(`"minValues":${min ?? '{}'}`, `"maxValues":${max ?? '{}'}`)
    parts.push(`"nullCount":${nulls ?? '{}'}`)
    return `{${parts.join(',')}}`
  }
}

function nodesOf(fields: readonly Field[], budget: { left: number }): Node[] {
  return fields.map(({ name, type }) => {
    if (type.kind === 'struct') {
      return { name, leaf: undefined, children: nodesOf(type.fields, budget) }
    }
    const isIndexed = budget.left > 0
    budget.left--
    return { name, leaf: isIndexed ? columnStatistics(type) : undefined, children: [] }
  })
}

function addAll(
  nodes: readonly Node[],
  columns: readonly Column[],
  parentNulls: Uint8Array | undefined,
): void {
  for (let i = 0; i < nodes.length; i++) {
    const node = nodes[i]
    const column = columns[i]
    assert(node !== undefined && column !== undefined, `column ${i} of ${columns.length}`)
    const nulls = joinNulls(column, parentNulls)
    if (column.kind === 'struct') addAll(node.children, column.fields, nulls)
    else node.leaf?.add(column, nulls)
  }
}

function objectText(
  nodes: readonly Node[],
  value: (leaf: ColumnStatistics) => string | undefined,
): string | undefined {
  const entries = nodes.flatMap((node) => {
    const text = node.leaf === undefined ? objectText(node.children, value) : value(node.leaf)
    return text === undefined ? [] : [`${JSON.stringify(node.name)}:${text}`]
  })
  return entries.length === 0 ? undefined : `{${entries.join(',')}}`
}
