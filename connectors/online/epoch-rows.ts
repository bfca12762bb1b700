// EpochRows: the newest row of each entity within one epoch, as bytes ready for the store. Memory
// grows with entities, not with rows: rows that a newer one replaced are squeezed out.
import { ByteWriter, Dictionary } from '../../engine/batch/index.ts'
import { VALUE_HEADER_BYTES, type ValueHeader, writeHeader } from './online-value.ts'

/** Bytes of replaced rows that are kept before the rest is moved together. */
const GARBAGE_BYTES_MAX = 16 * 1024 * 1024

export class EpochRows {
  #keys = new Dictionary()
  readonly #values = new ByteWriter(64 * 1024)
  /** Of each key: where its value lies, its order and number. */
  #starts = new Float64Array(256)
  #lengths = new Int32Array(256)
  #orders = new Float64Array(256)
  #seqs = new Uint32Array(256)
  #eventTimes = new Float64Array(256)
  #kinds = new Uint8Array(256)
  #liveBytes = 0
  #seq = 0
  /** The key whose row is being written. */
  #open = 0

  /** Number of entities. */
  get size(): number {
    return this.#keys.size
  }

  get sizeBytes(): number {
    return this.#values.length + this.#keys.bytesUsed
  }

  /**
   * Begins a row of an entity: the buffer to append its bytes to, or undefined when a row with a
   * greater order came before in this epoch. Rows of one order: the last one counts.
   */
  begin(key: Uint8Array, header: Pick<ValueHeader, 'kind' | 'order' | 'eventTime'>) {
    const seq = this.#seq++
    const known = this.#keys.size
    const id = this.#keys.intern(key, 0, key.length)
    if (id < known) {
      if (header.order < this.#orders[id]!) return undefined
      this.#liveBytes -= this.#lengths[id]!
      this.#lengths[id] = 0
      if (this.#values.length - this.#liveBytes > GARBAGE_BYTES_MAX) this.#squeeze()
    } else if (id >= this.#starts.length) this.#grow()
    this.#starts[id] = this.#values.length
    this.#orders[id] = header.order
    this.#seqs[id] = seq
    this.#eventTimes[id] = header.eventTime
    this.#kinds[id] = header.kind
    const writer = this.#values
    writer.reserve(VALUE_HEADER_BYTES)
    writer.length += VALUE_HEADER_BYTES
    this.#open = id
    return writer
  }

  /** Ends the row that `begin` began. */
  end(): void {
    const length = this.#values.length - this.#starts[this.#open]!
    this.#lengths[this.#open] = length
    this.#liveBytes += length
  }

  /** Every entity once, ascending by key; the views are valid in the call. */
  forEach(
    stamp: Pick<ValueHeader, 'term' | 'epoch' | 'knownTime'>,
    visit: (key: Uint8Array, value: Uint8Array, header: ValueHeader) => void,
  ): void {
    const bytes = this.#values.bytes
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
    for (const id of this.#sortedIds()) {
      const at = this.#starts[id]!
      const header: ValueHeader = {
        ...stamp,
        kind: this.#kinds[id] === 1 ? 1 : 0,
        seq: this.#seqs[id]!,
        order: this.#orders[id]!,
        eventTime: this.#eventTimes[id]!,
      }
      writeHeader(view, at, header)
      const value = bytes.subarray(at, at + this.#lengths[id]!)
      visit(this.#keys.valueBytes(id), value, header)
    }
  }

  /** Forgets everything: the next epoch begins. */
  clear(): void {
    this.#keys = new Dictionary()
    this.#values.clear()
    this.#liveBytes = 0
    this.#seq = 0
  }

  #sortedIds(): Uint32Array {
    const ids = Uint32Array.from({ length: this.size }, (_, id) => id)
    const keys = this.#keys
    // The first six bytes as a number settle most comparisons.
    const heads = Float64Array.from(ids, (id) => {
      const bytes = keys.valueBytes(id)
      let head = 0
      for (let i = 0; i < 6; i++) head = head * 256 + (i < bytes.length ? bytes[i]! : 0)
      return head
    })
    return ids.sort(
      (a, b) => heads[a]! - heads[b]! || Buffer.compare(keys.valueBytes(a), keys.valueBytes(b)),
    )
  }

  #squeeze(): void {
    const ids = Uint32Array.from({ length: this.size }, (_, id) => id)
    const byStart = ids.filter((id) => this.#lengths[id]! > 0)
    byStart.sort((a, b) => this.#starts[a]! - this.#starts[b]!)
    const { bytes } = this.#values
    let to = 0
    for (const id of byStart) {
      const from = this.#starts[id]!
      const length = this.#lengths[id]!
      bytes.copyWithin(to, from, from + length)
      this.#starts[id] = to
      to += length
    }
    this.#values.length = to
  }

  #grow(): void {
    const capacity = this.#starts.length * 2
    const float64 = (from: Float64Array) => {
      const larger = new Float64Array(capacity)
      larger.set(from)
      return larger
    }
    this.#starts = float64(this.#starts)
    this.#orders = float64(this.#orders)
    this.#eventTimes = float64(this.#eventTimes)
    const lengths = new Int32Array(capacity)
    lengths.set(this.#lengths)
    this.#lengths = lengths
    const seqs = new Uint32Array(capacity)
    seqs.set(this.#seqs)
    this.#seqs = seqs
    const kinds = new Uint8Array(capacity)
    kinds.set(this.#kinds)
    this.#kinds = kinds
  }
}
