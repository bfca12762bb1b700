// HeldRows: batches that wait, and of each key only its last row counts. Batches are kept as they
// came, columns and all; a row is superseded by writing one number, so holding costs no copy. What
// was superseded is thrown away when it outgrows what counts: memory follows the rows that count.
//
//   position   ordinal of a row among all rows ever held; `#last[slot]` is the one that counts
import { concatBatches, gatherBatch, type RecordBatch } from '../engine/batch/index.ts'
import { BATCH_RECORDS_MAX } from '../engine/limits.ts'

/** Superseded rows below this number are never thrown away early. */
const SUPERSEDED_MIN = 16 * BATCH_RECORDS_MAX

interface HeldBatch {
  readonly batch: RecordBatch
  /** The key's slot of each row, -1 where the row does not count. */
  readonly slots: Int32Array
  /** Position of the first row. */
  readonly first: number
}

/** Rows that leave together; a key may have rows in several groups, and its last one counts. */
export class RowGroup {
  batches: HeldBatch[] = []
  /** Rows in `batches`, superseded ones among them. */
  held = 0
  /** Rows that count. */
  live = 0
}

/** Rows that count, with the slots of their keys. */
export interface LastRows {
  readonly batch: RecordBatch
  readonly slots: Int32Array
}

export class HeldRows {
  #last = new Float64Array(64).fill(-1)
  readonly #groupOf: (RowGroup | undefined)[] = new Array<undefined>(64).fill(undefined)
  #next = 0

  /** Rows that count, of all groups. */
  live = 0

  get sizeBytes(): number {
    return this.#last.byteLength + this.#groupOf.length * 8
  }

  /** True while a row of the key waits. */
  isWaiting(slot: number): boolean {
    return slot < this.#last.length && this.#last[slot]! >= 0
  }

  /**
   * Holds the rows whose slot is not -1, each in place of the one its key had before. Takes `slots`
   * over: one a row of the batch.
   */
  hold(group: RowGroup, batch: RecordBatch, slots: Int32Array, slotCount: number): void {
    if (slotCount > this.#last.length) this.#grow(slotCount)
    const first = this.#next
    const last = this.#last
    const groupOf = this.#groupOf
    for (let row = 0; row < slots.length; row++) {
      const slot = slots[row]!
      if (slot < 0) continue
      if (groupOf[slot] !== group) this.#moveTo(slot, group)
      last[slot] = first + row
    }
    this.#next += batch.length
    group.batches.push({ batch, slots, first })
    group.held += batch.length
    if (group.held - group.live > SUPERSEDED_MIN && group.held > 2 * group.live) {
      this.#squeeze(group)
    }
  }

  /** Takes the rows of a group that count out, in the order they came, in full batches. */
  take(group: RowGroup): LastRows[] {
    const taken = this.#lastRows(group)
    for (const { slots } of taken) {
      for (const slot of slots) {
        this.#last[slot] = -1
        this.#groupOf[slot] = undefined
      }
      this.live -= slots.length
    }
    group.batches = []
    group.held = 0
    group.live = 0
    return taken
  }

  /**
   * The rows of a group that count and came at or after a position; they stay. Rows that came
   * before may be among them.
   */
  since(group: RowGroup, position: number): LastRows[] {
    return this.#lastRows(group, position)
  }

  /** The position that the next row gets. */
  get position(): number {
    return this.#next
  }

  #moveTo(slot: number, group: RowGroup): void {
    const before = this.#groupOf[slot]
    if (before === undefined) this.live++
    else before.live--
    this.#groupOf[slot] = group
    group.live++
  }

  #lastRows(group: RowGroup, from = 0): LastRows[] {
    const pieces = group.batches.flatMap((held) => this.#pick(held, from) ?? [])
    const joined: LastRows[] = []
    for (let at = 0; at < pieces.length; ) {
      let to = at
      let rows = 0
      for (; to < pieces.length; to++) {
        rows += pieces[to]?.slots.length ?? 0
        if (rows > BATCH_RECORDS_MAX) break
      }
      joined.push(join(pieces.slice(at, to)))
      at = to
    }
    return joined
  }

  /** The rows of one held batch that count. */
  #pick({ batch, slots, first }: HeldBatch, from: number): LastRows | undefined {
    const last = this.#last
    const rows = new Int32Array(slots.length)
    let count = 0
    for (let row = Math.max(0, from - first); row < slots.length; row++) {
      const slot = slots[row]!
      if (slot < 0 || last[slot] !== first + row) continue
      rows[count++] = row
    }
    if (count === 0) return undefined
    if (count === slots.length) return { batch, slots }
    const picked = new Int32Array(count)
    for (let i = 0; i < count; i++) picked[i] = slots[rows[i]!]!
    return { batch: gatherBatch(batch, rows, count), slots: picked }
  }

  /** Throws away what was superseded; the rest is held anew, as if it had come now. */
  #squeeze(group: RowGroup): void {
    const kept = this.#lastRows(group)
    group.batches = []
    group.held = 0
    for (const { batch, slots } of kept) {
      const first = this.#next
      for (let row = 0; row < slots.length; row++) this.#last[slots[row]!] = first + row
      this.#next += slots.length
      group.batches.push({ batch, slots, first })
      group.held += slots.length
    }
  }

  #grow(slotCount: number): void {
    const last = new Float64Array(Math.max(slotCount, this.#last.length * 2)).fill(-1)
    last.set(this.#last)
    this.#last = last
    while (this.#groupOf.length < last.length) this.#groupOf.push(undefined)
  }
}

function join(pieces: readonly LastRows[]): LastRows {
  const [only] = pieces
  if (only !== undefined && pieces.length === 1) return only
  const slots = new Int32Array(pieces.reduce((sum, piece) => sum + piece.slots.length, 0))
  let at = 0
  for (const piece of pieces) {
    slots.set(piece.slots, at)
    at += piece.slots.length
  }
  return { batch: concatBatches(pieces.map((piece) => piece.batch)), slots }
}
