// EpochRows: the newest row of each entity within one epoch, as bytes ready for the store. Memory
// grows with entities, not with rows: rows that a newer one replaced are squeezed out.
//
//   row: bytes of the entity u16 | entity | value (online-value.ts), as in a bucket
import { ByteWriter } from '../../engine/batch/index.ts'
import { bucketBits, bucketOf, ENTITY_LENGTH_BYTES } from './bucket.ts'
import type { EntityIds } from './entity-ids.ts'
import { type ValueKind, type ValueStamp, writeHeader, writeStamp } from './online-value.ts'
import { RadixOrder } from './radix-order.ts'

/** Bytes of replaced rows that are kept before the rest is moved together. */
const GARBAGE_BYTES_MAX = 16 * 1024 * 1024

export class EpochRows {
  /** By entity id: where its row lies. Replaced when they grow. */
  starts = new Float64Array(256)
  lengths = new Int32Array(256)
  /** Number of entities that have a row. */
  size = 0
  readonly #entities: EntityIds
  readonly #rows = new ByteWriter(64 * 1024)
  readonly #order = new RadixOrder()
  /** Entities that have a row, as they came. */
  #ids = new Int32Array(256)
  /** By entity id. */
  #orders = new Float64Array(256)
  #liveBytes = 0
  #seq = 0
  /** The entity whose row is being written. */
  #open = 0

  constructor(entities: EntityIds) {
    this.#entities = entities
  }

  /** Bytes of the rows that count. */
  get sizeBytes(): number {
    return this.#liveBytes
  }

  /** By entity id. */
  get hashes(): Int32Array {
    return this.#entities.hashes
  }

  /** What `starts` point into; valid until the next row. */
  get content(): { readonly bytes: Uint8Array; readonly view: DataView } {
    const { bytes } = this.#rows
    return { bytes, view: new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength) }
  }

  /**
   * Begins a row of an entity: the buffer to append its bytes to, or undefined when a row with a
   * greater order came before in this epoch. Rows of one order: the last one counts.
   */
  begin(id: number, kind: ValueKind, order: number, eventTime: number): ByteWriter | undefined {
    const seq = this.#seq++
    if (id >= this.starts.length) this.#grow(id)
    const replaced = this.lengths[id]!
    if (replaced > 0) {
      if (order < this.#orders[id]!) return undefined
      this.#liveBytes -= replaced
      this.lengths[id] = 0
      if (this.#rows.length - this.#liveBytes > GARBAGE_BYTES_MAX) this.#squeeze()
    } else {
      if (this.size === this.#ids.length) this.#ids = longer(this.#ids, this.size * 2)
      this.#ids[this.size++] = id
    }
    const rows = this.#rows
    this.starts[id] = rows.length
    this.#orders[id] = order
    const { bytes, offsets } = this.#entities.entities
    const [from, to] = [offsets[id]!, offsets[id + 1]!]
    rows.uint8((to - from) & 0xff)
    rows.uint8((to - from) >> 8)
    rows.raw(bytes, from, to)
    writeHeader(rows, kind, seq, order, eventTime)
    this.#open = id
    return rows
  }

  /** Ends the row that `begin` began. */
  end(): void {
    const length = this.#rows.length - this.starts[this.#open]!
    this.lengths[this.#open] = length
    this.#liveBytes += length
  }

  /** Says in every row who wrote it. */
  stamp(stamp: ValueStamp): void {
    const { view } = this.content
    for (let i = 0; i < this.size; i++) {
      const start = this.starts[this.#ids[i]!]!
      writeStamp(view, start + ENTITY_LENGTH_BYTES + view.getUint16(start, true), stamp)
    }
  }

  /** The entities' ids by bucket, then by hash; valid until the next call. */
  sorted(buckets: number): Int32Array {
    const { hashes } = this
    const order = this.#order
    const ids = order.begin(this.#ids, this.size)
    for (let i = 0; i < this.size; i++) order.keys[i] = hashes[ids[i]!]!
    order.sort(31)
    for (let i = 0; i < this.size; i++) order.keys[i] = bucketOf(hashes[order.values[i]!]!, buckets)
    order.sort(bucketBits(buckets))
    return order.values
  }

  /** Forgets everything: the next epoch begins. */
  clear(): void {
    for (let i = 0; i < this.size; i++) this.lengths[this.#ids[i]!] = 0
    this.#entities.endEpoch(this.size)
    this.#rows.clear()
    this.size = 0
    this.#liveBytes = 0
    this.#seq = 0
  }

  #squeeze(): void {
    const ids = this.#ids.slice(0, this.size).filter((id) => this.lengths[id]! > 0)
    ids.sort((a, b) => this.starts[a]! - this.starts[b]!)
    const { bytes } = this.#rows
    let to = 0
    for (const id of ids) {
      const from = this.starts[id]!
      const length = this.lengths[id]!
      bytes.copyWithin(to, from, from + length)
      this.starts[id] = to
      to += length
    }
    this.#rows.length = to
  }

  #grow(id: number): void {
    const capacity = Math.max(id + 1, this.starts.length * 2)
    this.lengths = longer(this.lengths, capacity)
    const starts = new Float64Array(capacity)
    starts.set(this.starts)
    this.starts = starts
    const orders = new Float64Array(capacity)
    orders.set(this.#orders)
    this.#orders = orders
  }
}

function longer(from: Int32Array, capacity: number): Int32Array<ArrayBuffer> {
  const into = new Int32Array(capacity)
  into.set(from)
  return into
}
