// ListTable: a list of rows for each key, in memory. An append writes one row to the next checkpoint,
// whatever the length of the list. With a time to live each row expires by itself.
//
// Stored rows: member key (owner, position as 8 bytes) → row.
import { ByteReader, ByteWriter } from '../batch/index.ts'
import type { Row } from '../codec/index.ts'
import { memberKey, memberOf, ownerOf } from './member-key.ts'
import { OwnerIndex } from './owner-index.ts'
import { RowStore } from './row-store.ts'
import { readSequence, writeSequence } from './sequence.ts'
import type { SegmentWriter, TableFormat } from './state-table.ts'
import type { KeyedLists } from './table.ts'
import { type TableOptions, type TableRows, tableRows } from './table-row.ts'

export class ListTable implements KeyedLists {
  readonly name: string
  readonly #rows: TableRows
  readonly #store = new RowStore()
  readonly #owners = new OwnerIndex()
  readonly #position = new ByteWriter(8)

  constructor(options: TableOptions) {
    this.name = options.name
    this.#rows = tableRows(options, 'list')
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

  append(key: Uint8Array, row: Readonly<Row>, time?: number): void {
    const last = this.#owners.slotsOf(key).at(-1)
    const position = last === undefined ? 0 : this.#positionOf(last) + 1
    this.#position.clear()
    writeSequence(position, this.#position)
    const value = this.#rows.encode(row, time)
    const member = memberKey(key, this.#position.view())
    const slot = this.#store.put(member, value, this.#rows.dueOf(time))
    this.#owners.add(key, slot, () => true)
  }

  get(key: Uint8Array): Row[] {
    const slots = this.#owners.slotsOf(key)
    return Array.from(slots, (slot) => this.#rows.decode(this.#store.value(slot)))
  }

  clear(key: Uint8Array): number {
    const slots = this.#owners.slotsOf(key).slice().reverse()
    for (const slot of slots) {
      this.#owners.remove(key, slot)
      this.#store.delete(slot)
    }
    return slots.length
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
    this.#owners.add(ownerOf(key), slot, () => true)
  }

  #positionOf(slot: number): number {
    return readSequence(new ByteReader(memberOf(this.#store.key(slot))))
  }
}
