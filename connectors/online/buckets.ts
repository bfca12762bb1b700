// Buckets: the rows of one generation in the store, inside of a deciding transaction. The number of
// buckets follows the bytes in them, so that a bucket stays two or three pages; buckets are added by
// dividing others, at most as many in an epoch as keeps its transaction short.
import { ByteReader, ByteWriter } from '../../engine/batch/index.ts'
import type { DecisionStores } from '../../engine/connector.ts'
import { Bucket, BucketBuilder, bucketOf, dividedBucket } from './bucket.ts'
import { BucketMerge } from './bucket-merge.ts'
import type { EpochRows } from './epoch-rows.ts'
import { bucketKey, generationBytesKey, generationPrefix } from './online-key.ts'
import { termOf, ValueKind, valueKindOf } from './online-value.ts'

/** Bytes of a bucket when buckets are added, and the most that it has on average. */
export const BUCKET_BYTES = { target: 4096, max: 6144 } as const
/** Buckets divided in one epoch at most, or as many as its rows make. */
const DIVIDED_MAX = 2048
/** Buckets looked at in one epoch while tombstones of older terms are removed. */
const CLEANED_MAX = 16

/** Where the rows of a generation are. */
export interface GenerationPlace {
  readonly view: string
  readonly generation: number
  readonly buckets: number
}

export class Buckets {
  readonly #merge = new BucketMerge()
  readonly #stay = new BucketBuilder()
  readonly #move = new BucketBuilder()
  readonly #key = new ByteWriter()

  /** Puts an epoch's rows where no newer ones are. Returns how many buckets there are then. */
  put(stores: DecisionStores, place: GenerationPlace, rows: EpochRows): number {
    if (rows.size === 0) return place.buckets
    const prefix = generationPrefix(place.view, place.generation)
    const bytesKey = generationBytesKey(place.view, place.generation)
    let total = readTotal(stores, bytesKey)
    const incoming = Math.ceil(rows.sizeBytes / BUCKET_BYTES.target)
    let { buckets } = place
    if (rows.sizeBytes > 2 * BUCKET_BYTES.max * buckets) {
      buckets = this.#divide(stores, prefix, buckets, incoming)
    }
    total += this.#putRows(stores, prefix, buckets, rows)
    if (total > BUCKET_BYTES.max * buckets) {
      const wanted = Math.ceil(total / BUCKET_BYTES.target)
      const most = buckets + Math.max(DIVIDED_MAX, incoming)
      buckets = this.#divide(stores, prefix, buckets, Math.min(wanted, most))
    }
    writeTotal(stores, bytesKey, total)
    return buckets
  }

  /**
   * Removes tombstones that terms before `term` left, from some buckets. Returns the bucket to go on
   * with. Divided rows only move upwards: going upwards misses none.
   */
  clean(stores: DecisionStores, place: GenerationPlace, from: number, term: number): number {
    const prefix = generationPrefix(place.view, place.generation)
    const to = Math.min(place.buckets, from + CLEANED_MAX)
    for (let bucket = from; bucket < to; bucket++) {
      const key = bucketKey(prefix, bucket, this.#key)
      const stored = readBucket(stores, key)
      if (stored === undefined) continue
      const builder = this.#stay
      builder.clear()
      for (let row = 0; row < stored.rows; row++) {
        const value = stored.value(row)
        if (valueKindOf(value) === ValueKind.tombstone && termOf(value) < term) continue
        builder.add(stored.hash(row), stored.bytes, stored.start(row), stored.end(row))
      }
      if (builder.rows < stored.rows) stores.put('online', key, builder.finish())
    }
    return to
  }

  /** Returns by how many bytes the buckets grew. */
  #putRows(stores: DecisionStores, prefix: Uint8Array, buckets: number, rows: EpochRows): number {
    const ids = rows.sorted(buckets)
    const { hashes } = rows
    let grown = 0
    for (let from = 0; from < rows.size; ) {
      const bucket = bucketOf(hashes[ids[from]!]!, buckets)
      let to = from + 1
      while (to < rows.size && bucketOf(hashes[ids[to]!]!, buckets) === bucket) to++
      const key = bucketKey(prefix, bucket, this.#key)
      const stored = readBucket(stores, key)
      const bytes = this.#merge.merge(stored, rows, ids, from, to)
      if (bytes !== undefined) {
        stores.put('online', key, bytes)
        grown += bytes.length - (stored === undefined ? 0 : stored.bytes.length)
      }
      from = to
    }
    return grown
  }

  /** Adds buckets until there are `wanted`. Returns how many there are. */
  #divide(stores: DecisionStores, prefix: Uint8Array, from: number, wanted: number): number {
    let buckets = from
    for (; buckets < wanted; buckets++) {
      const stored = readBucket(stores, bucketKey(prefix, dividedBucket(buckets), this.#key))
      if (stored === undefined) continue
      this.#stay.clear()
      this.#move.clear()
      for (let row = 0; row < stored.rows; row++) {
        const hash = stored.hash(row)
        const into = bucketOf(hash, buckets + 1) === buckets ? this.#move : this.#stay
        into.add(hash, stored.bytes, stored.start(row), stored.end(row))
      }
      if (this.#move.rows === 0) continue
      stores.put(
        'online',
        bucketKey(prefix, dividedBucket(buckets), this.#key),
        this.#stay.finish(),
      )
      stores.put('online', bucketKey(prefix, buckets, this.#key), this.#move.finish())
    }
    return buckets
  }
}

function readBucket(stores: DecisionStores, key: Uint8Array): Bucket | undefined {
  const bytes = stores.get('online', key)
  return bytes && new Bucket(bytes)
}

function readTotal(stores: DecisionStores, key: Uint8Array): number {
  const bytes = stores.get('online', key)
  return bytes === undefined ? 0 : new ByteReader(bytes).float64()
}

function writeTotal(stores: DecisionStores, key: Uint8Array, total: number): void {
  const bytes = new ByteWriter(8)
  bytes.float64(total)
  stores.put('online', key, bytes.view())
}
