// MapTable: a sorted map of rows for each key, in memory.
//
// Stored rows: member key (owner, entry) → row.
import type { Row } from '../codec/index.ts'
import { compareBytes } from './key-range.ts'
import { memberKey, memberOf, ownerOf } from './member-key.ts'
import { OwnerIndex } from './owner-index.ts'
import { RowStore } from './row-store.ts'
import type { SegmentWriter, TableFormat } from './state-table.ts'
import type { KeyedMaps, ScanRange } from './table.ts'
import { type TableOptions, type TableRows, tableRows } from './table-row.ts'

export class MapTable implements KeyedMaps {
  readonly name: string
  readonly #rows: TableRows
  readonly #store = new RowStore()
  readonly #owners = new OwnerIndex()

  constructor(options: TableOptions) {
    this.name = options.name
    this.#rows = tableRows(options, 'map')
  }

  get format(): TableFormat {
    return this.#rows.format
  }

  get rows(): number {
    return this.#store.rows
  }

  get sizeBytes(): number {
    return this.#store.sizeBytes + this.#owners.sizeBytes
  }

  get(key: Uint8Array, entry: Uint8Array): Row | undefined {
    const slot = this.#store.find(memberKey(key, entry))
    return slot < 0 ? undefined : this.#rows.decode(this.#store.value(slot))
  }

  put(key: Uint8Array, entry: Uint8Array, row: Readonly<Row>, time?: number): void {
    const member = memberKey(key, entry)
    const before = this.#store.find(member)
    const at = before < 0 ? time : this.#rows.latest(time, this.#store.due(before))
    const slot = this.#store.put(member, this.#rows.encode(row, at), this.#rows.dueOf(at))
    if (before < 0) this.#index(key, entry, slot)
  }

  delete(key: Uint8Array, entry: Uint8Array): boolean {
    const slot = this.#store.find(memberKey(key, entry))
    if (slot < 0) return false
    this.#owners.remove(key, slot)
    this.#store.delete(slot)
    return true
  }

  clear(key: Uint8Array): number {
    const slots = this.#owners.slotsOf(key).slice().reverse()
    for (const slot of slots) {
      this.#owners.remove(key, slot)
      this.#store.delete(slot)
    }
    return slots.length
  }

  *scan(key: Uint8Array, range: ScanRange = {}): Generator<readonly [Uint8Array, Row]> {
    const slots = this.#owners.slotsOf(key)
    for (let i = range.from === undefined ? 0 : this.#lowerBound(slots, range.from); ; i++) {
      const slot = slots[i]
      if (slot === undefined) return
      const entry = memberOf(this.#store.key(slot)).slice()
      if (range.to !== undefined && compareBytes(entry, range.to) >= 0) return
      yield [entry, this.#rows.decode(this.#store.value(slot))]
    }
  }

  prefetch(_keys: readonly Uint8Array[]): void {
    // Every row is in memory already.
  }

  expire(watermark: number): number {
    return this.#store.expire(watermark, (slot) => {
      this.#owners.remove(ownerOf(this.#store.key(slot)), slot)
    })
  }

  snapshot(segment: SegmentWriter): void {
    this.#store.snapshot(segment)
  }

  restore(key: Uint8Array, value: Uint8Array): void {
    const slot = this.#store.restore(key, value, this.#rows.dueOfBytes(value))
    this.#index(ownerOf(key), memberOf(key), slot)
  }

  #index(key: Uint8Array, entry: Uint8Array, slot: number): void {
    this.#owners.add(key, slot, (other) => {
      return compareBytes(memberOf(this.#store.key(other)), entry) < 0
    })
  }

  #lowerBound(slots: Int32Array, entry: Uint8Array): number {
    let low = 0
    for (let high = slots.length; low < high; ) {
      const at = (low + high) >>> 1
      if (compareBytes(memberOf(this.#store.key(slots[at]!)), entry) < 0) low = at + 1
      else high = at
    }
    return low
  }
}
