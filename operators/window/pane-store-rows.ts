// How rows of panes stand in storage, and the loops that write and read them.
//
//   key    pane start, entersAt, key sequence: 8 bytes each, big-endian, ordered as numbers
//   value  the partials of the aggregates one after another, each with its version
//
// Rows are written in chunks: first each aggregate encodes its partials of a chunk in a loop of its
// own, then the rows are put together.
import { ByteReader, ByteWriter } from '../../engine/batch/index.ts'
import { StateCorruptError } from '../../engine/errors.ts'
import type { SegmentWriter } from '../../engine/state/index.ts'
import type { Accumulators } from '../aggregates/index.ts'
import type { Pane } from './pane.ts'

export const KEY_BYTES = 24
const PANE_BYTES = 16
/** Rows of one call of a loop: few enough that the compiler gets at functions while they are warm. */
const ROWS_AT_ONCE = 256

/** The partials of one aggregate for the rows of a chunk. */
class EncodedPartials {
  readonly bytes = new ByteWriter(ROWS_AT_ONCE * 16)
  readonly ends = new Int32Array(ROWS_AT_ONCE)
  readonly #partials: Accumulators

  constructor(partials: Accumulators) {
    this.#partials = partials
  }

  /** Where the bytes of row i of the chunk begin. */
  startOf(i: number): number {
    return i === 0 ? 0 : this.ends[i - 1]!
  }

  encode(rows: Int32Array, from: number, to: number): void {
    const { bytes, ends } = this
    const partials = this.#partials
    bytes.clear()
    if (partials.encodeRows !== undefined) {
      partials.encodeRows(rows, from, to, bytes, ends)
      return
    }
    for (let i = from; i < to; i++) {
      partials.encode(rows[i]!, bytes)
      ends[i - from] = bytes.length
    }
  }
}

export class PaneRowWriter {
  readonly #encoded: readonly EncodedPartials[]

  constructor(partials: readonly Accumulators[]) {
    this.#encoded = partials.map((one) => new EncodedPartials(one))
  }

  /** Writes rows of one pane; `sequences` are those of their keys and ascend. */
  write(pane: Pane, rows: Int32Array, sequences: Float64Array, segment: SegmentWriter): void {
    const prefix = paneKey(pane.start, pane.entersAt)
    for (let from = 0; from < rows.length; from += ROWS_AT_ONCE) {
      const to = Math.min(rows.length, from + ROWS_AT_ONCE)
      for (const encoded of this.#encoded) encoded.encode(rows, from, to)
      this.#join(prefix, sequences, from, to, segment)
    }
  }

  #join(
    prefix: Uint8Array,
    sequences: Float64Array,
    from: number,
    to: number,
    segment: SegmentWriter,
  ): void {
    const { bytes } = segment
    for (let i = from; i < to; i++) {
      segment.beginKey()
      bytes.reserve(KEY_BYTES)
      const key = bytes.bytes
      const at = bytes.length
      for (let b = 0; b < PANE_BYTES; b++) key[at + b] = prefix[b]!
      bytes.length = at + PANE_BYTES
      bytes.integerOrdered(sequences[i]!)
      segment.beginValue()
      this.#appendValue(i - from, bytes)
      segment.end()
    }
  }

  /** Appends the partials of a row of the chunk, one aggregate behind the other. */
  #appendValue(i: number, into: ByteWriter): void {
    const encoded = this.#encoded
    let length = 0
    for (let a = 0; a < encoded.length; a++) {
      const one = encoded[a]!
      length += one.ends[i]! - one.startOf(i)
    }
    into.reserve(length)
    const target = into.bytes
    let at = into.length
    for (let a = 0; a < encoded.length; a++) {
      const one = encoded[a]!
      const source = one.bytes.bytes
      const end = one.ends[i]!
      for (let from = one.startOf(i); from < end; from++) target[at++] = source[from]!
    }
    into.length = at
  }
}

/** Runs a loop in parts. */
export function inChunks(count: number, run: (from: number, to: number) => void): void {
  for (let from = 0; from < count; from += ROWS_AT_ONCE) {
    run(from, Math.min(count, from + ROWS_AT_ONCE))
  }
}

/**
 * Appends the rows from `first` to `end` whose flag is set and takes the flags back; gives how many
 * rows there are now. `words` is the memory of the flags, four in one.
 */
export function takeFlags(
  flags: Uint8Array,
  words: Int32Array,
  first: number,
  end: number,
  rows: Int32Array,
  count: number,
): number {
  let taken = count
  for (let word = first >> 2; word < end >> 2; word++) {
    if (words[word] === 0) continue
    for (let row = word << 2; row < (word + 1) << 2; row++)
      if (flags[row] === 1) rows[taken++] = row
    words[word] = 0
  }
  return taken
}

/** The sequences of the keys of rows. */
export function sequencesOf(
  rows: Int32Array,
  slotOf: Int32Array,
  known: Float64Array,
): Float64Array<ArrayBuffer> {
  const sequences = new Float64Array(rows.length)
  inChunks(rows.length, (from, to) => readSequences(rows, slotOf, known, sequences, from, to))
  return sequences
}

function readSequences(
  rows: Int32Array,
  slotOf: Int32Array,
  known: Float64Array,
  sequences: Float64Array,
  from: number,
  to: number,
): void {
  for (let i = from; i < to; i++) sequences[i] = known[slotOf[rows[i]!]!]!
}

/** Before the rows of a restored pane get their slots: counts them anew, in a table for as many. */
export function prepareTable(pane: Pane, slotCount: number): void {
  if (pane.size * 4 >= slotCount) pane.makeDirect(slotCount)
  pane.size = 0
}

/** Rows that a restore made, with the sequences of their keys. */
export class RestoredRows {
  /** The pane that the last row belongs to. */
  pane: Pane | undefined
  #rows = new Int32Array(1024)
  #sequences = new Float64Array(1024)
  #count = 0

  add(row: number, sequence: number): void {
    if (this.#count === this.#rows.length) this.#grow()
    this.#rows[this.#count] = row
    this.#sequences[this.#count++] = sequence
  }

  /** Views of what was added. */
  take() {
    const count = this.#count
    const rows = this.#rows.subarray(0, count)
    return { rows, sequences: this.#sequences.subarray(0, count), count }
  }

  #grow(): void {
    const rows = new Int32Array(this.#count * 2)
    rows.set(this.#rows)
    this.#rows = rows
    const sequences = new Float64Array(this.#count * 2)
    sequences.set(this.#sequences)
    this.#sequences = sequences
  }
}

/** The first bytes of the keys of a pane's rows. */
export function paneKey(start: number, entersAt: number): Uint8Array {
  const writer = new ByteWriter(PANE_BYTES)
  writer.integerOrdered(start)
  writer.integerOrdered(entersAt)
  return writer.toBytes()
}

/** What `integerOrdered` wrote at `at`. */
export function orderedAt(bytes: Uint8Array, at: number): number {
  const high = (bytes[at]! << 24) | (bytes[at + 1]! << 16) | (bytes[at + 2]! << 8) | bytes[at + 3]!
  const low =
    ((bytes[at + 4]! << 24) | (bytes[at + 5]! << 16) | (bytes[at + 6]! << 8) | bytes[at + 7]!) >>> 0
  return (high ^ 0x80000000) * 4294967296 + low
}

/** Reads a stored value into an empty row. @throws StateCorruptError PANES_CORRUPT */
export function readPartials(
  partials: readonly Accumulators[],
  row: number,
  value: Uint8Array,
): void {
  const reader = new ByteReader(value)
  for (let i = 0; i < partials.length; i++) partials[i]?.decode(row, reader)
  if (reader.remaining > 0) throw corruptPanes(`${reader.remaining} bytes left over`)
}

export function corruptPanes(found: string): StateCorruptError {
  return new StateCorruptError({
    code: 'PANES_CORRUPT',
    message: 'the stored panes of a window do not fit together',
    found,
    remedy: 'Restore a savepoint.',
  })
}
