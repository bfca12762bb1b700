// ValueTable: one row a key, in memory.
//
// Stored rows: key → row.
import type { Row } from '../codec/index.ts'
import { compareBytes } from './key-range.ts'
import { RowStore } from './row-store.ts'
import type { SegmentWriter, TableFormat } from './state-table.ts'
import type { KeyedRows, ScanRange } from './table.ts'
import { type TableOptions, type TableRows, tableRows } from './table-row.ts'

export class ValueTable implements KeyedRows {
  readonly name: string
  readonly #rows: TableRows
  readonly #store = new RowStore()

  constructor(options: TableOptions) {
    this.name = options.name
    this.#rows = tableRows(options, 'value')
  }

  get format(): TableFormat {
    return this.#rows.format
  }

  get rows(): number {
    return this.#store.rows
  }

  get sizeBytes(): number {
    return this.#store.sizeBytes
  }

  get(key: Uint8Array): Row | undefined {
    const slot = this.#store.find(key)
    return slot < 0 ? undefined : this.#rows.decode(this.#store.value(slot))
  }

  put(key: Uint8Array, row: Readonly<Row>, time?: number): void {
    const slot = this.#store.find(key)
    const at = slot < 0 ? time : this.#rows.latest(time, this.#store.due(slot))
    this.#store.put(key, this.#rows.encode(row, at), this.#rows.dueOf(at))
  }

  delete(key: Uint8Array): boolean {
    const slot = this.#store.find(key)
    if (slot >= 0) this.#store.delete(slot)
    return slot >= 0
  }

  *scan(range: ScanRange = {}): Generator<readonly [Uint8Array, Row]> {
    const store = this.#store
    const order = store.sorted()
    for (let i = range.from === undefined ? 0 : lowerBound(store, order, range.from); ; i++) {
      const slot = order[i]
      if (slot === undefined) return
      const key = store.key(slot).slice()
      if (range.to !== undefined && compareBytes(key, range.to) >= 0) return
      yield [key, this.#rows.decode(store.value(slot))]
    }
  }

  prefetch(_keys: readonly Uint8Array[]): void {
    // Every row is in memory already.
  }

  expire(watermark: number): number {
    return this.#store.expire(watermark)
  }

  snapshot(segment: SegmentWriter): void {
    this.#store.snapshot(segment)
  }

  restore(key: Uint8Array, value: Uint8Array): void {
    this.#store.restore(key, value, this.#rows.dueOfBytes(value))
  }
}

/** Position of the first slot whose key is not below `key`. */
function lowerBound(store: RowStore, order: Int32Array, key: Uint8Array): number {
  let low = 0
  for (let high = order.length; low < high; ) {
    const at = (low + high) >>> 1
    if (compareBytes(store.key(order[at]!), key) < 0) low = at + 1
    else high = at
  }
  return low
}
