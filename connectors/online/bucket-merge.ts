// BucketMerge: the rows of an epoch into one bucket: a row takes the place of its entity's stored one
// unless that is newer. Both sides ascend by hash, so one pass over both does it. Hot path.
import { type Bucket, BucketBuilder, ENTITY_LENGTH_BYTES } from './bucket.ts'
import type { EpochRows } from './epoch-rows.ts'
import { isNewerAt } from './online-value.ts'

export class BucketMerge {
  readonly #builder = new BucketBuilder()
  /** 1 where a stored row was dealt with before its turn. */
  #taken = new Uint8Array(64)

  /**
   * The bucket's new bytes (a view, valid until the next call), or undefined when nothing changes.
   * @param ids the epoch's rows `ids[from .. to)` belong into this bucket and ascend by hash
   */
  merge(
    stored: Bucket | undefined,
    rows: EpochRows,
    ids: Int32Array,
    from: number,
    to: number,
  ): Uint8Array | undefined {
    const builder = this.#builder
    const { hashes, starts, lengths } = rows
    const { bytes, view } = rows.content
    const count = stored === undefined ? 0 : stored.rows
    if (count > this.#taken.length) this.#taken = new Uint8Array(count * 2)
    const taken = this.#taken.fill(0, 0, count)
    builder.clear()
    let at = 0
    let hasChanged = false
    for (let i = from; i < to; i++) {
      const id = ids[i]!
      const hash = hashes[id]!
      const start = starts[id]!
      let known = -1
      if (stored !== undefined) {
        for (; at < count && stored.hash(at) < hash; at++) {
          if (taken[at] === 0) copy(stored, at, builder)
        }
        known = find(stored, at, hash, bytes, start)
        if (known >= 0) taken[known] = 1
      }
      if (stored === undefined || known < 0 || isNewerRow(view, start, stored, known)) {
        builder.add(hash, bytes, start, start + lengths[id]!)
        hasChanged = true
      } else copy(stored, known, builder)
    }
    if (!hasChanged) return undefined
    for (; stored !== undefined && at < count; at++) {
      if (taken[at] === 0) copy(stored, at, builder)
    }
    return builder.finish()
  }
}

function copy(stored: Bucket, row: number, into: BucketBuilder): void {
  into.add(stored.hash(row), stored.bytes, stored.start(row), stored.end(row))
}

/** The stored row, from `at` on, of the entity whose row begins at `bytes[start]`; or -1. */
function find(stored: Bucket, at: number, hash: number, bytes: Uint8Array, start: number): number {
  const end = ENTITY_LENGTH_BYTES + bytes[start]! + bytes[start + 1]! * 256
  for (let row = at; row < stored.rows && stored.hash(row) === hash; row++) {
    const other = stored.start(row)
    let i = 0
    while (i < end && stored.bytes[other + i] === bytes[start + i]) i++
    if (i === end) return row
  }
  return -1
}

function isNewerRow(view: DataView, start: number, stored: Bucket, row: number): boolean {
  const entity = ENTITY_LENGTH_BYTES + view.getUint16(start, true)
  return isNewerAt(view, start + entity, stored.view, stored.start(row) + entity)
}
