// The contract of the tables that user code keeps state in. Operators prefetch once a batch, keep no
// reference to a row across batches and never iterate a whole table on the hot path, so that a table
// that is larger than memory can stand behind the same contract. Rows are copies: changing one
// changes nothing until it is put.
import type { Row } from '../codec/index.ts'
import type { StateTable } from './state-table.ts'

/** Keys k with from ≤ k < to; an absent end is open. */
export interface ScanRange {
  readonly from?: Uint8Array
  readonly to?: Uint8Array
}

/** What every table has. Keys are encoded keys (`engine/codec`), at most a few hundred bytes. */
export interface Table extends StateTable {
  /** Announces the keys that the next calls are about. */
  prefetch(keys: readonly Uint8Array[]): void
  /**
   * Removes every row with last update + time to live ≤ watermark and returns how many there were.
   * Until then such rows are there: call it with each watermark, before the rows behind it.
   */
  expire(watermark: number): number
}

/** One row a key. */
export interface KeyedRows extends Table {
  get(key: Uint8Array): Row | undefined
  /** @param time event time of the update; needed with a time to live, where the latest counts */
  put(key: Uint8Array, row: Readonly<Row>, time?: number): void
  /** @returns whether there was a row */
  delete(key: Uint8Array): boolean
  /** Rows in ascending order of their keys; the table must not change meanwhile. */
  scan(range?: ScanRange): Iterable<readonly [Uint8Array, Row]>
}

/** Rows under entry keys, a set of them for each key. */
export interface KeyedMaps extends Table {
  get(key: Uint8Array, entry: Uint8Array): Row | undefined
  put(key: Uint8Array, entry: Uint8Array, row: Readonly<Row>, time?: number): void
  delete(key: Uint8Array, entry: Uint8Array): boolean
  /** Removes all entries of a key and returns how many there were. */
  clear(key: Uint8Array): number
  /** Entries of one key in ascending order; the table must not change meanwhile. */
  scan(key: Uint8Array, range?: ScanRange): Iterable<readonly [Uint8Array, Row]>
}

/** A list of rows for each key, in the order they were appended. */
export interface KeyedLists extends Table {
  append(key: Uint8Array, row: Readonly<Row>, time?: number): void
  get(key: Uint8Array): Row[]
  /** Removes the list of a key and returns how many rows it had. */
  clear(key: Uint8Array): number
}
