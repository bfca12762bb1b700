// LZ4 blocks. A block is a row of sequences:
//
//   token (4 bits literals, 4 bits match) │ more literal length │ literals │ distance u16 LE │
//   more match length
//
// A length of 15 goes on in bytes that are added up, until one is not 255. A match is 4 bytes
// longer than written. The last sequence has literals only. The encoder is greedy: one look-up of
// four bytes in a table of positions at each step, and longer steps where nothing matches.
import { corruptPayload } from './batch-error.ts'
import type { BoundedOutput } from './bounded-output.ts'
import { copyLiterals, copyMatch } from './byte-copy.ts'
import { MatchTable } from './match-table.ts'

const MATCH_MIN = 4
/** The format wants this many literals at the end, and no match that begins in the last twelve. */
const LITERALS_LAST = 5
const MATCH_START_LIMIT = 12
/** Distances are 16 bits; blocks of at most this size need no check of them. */
export const LZ4_BLOCK_BYTES_MAX = 65536

/**
 * Decompresses a block behind what is in `output`; matches may reach back to `base` there.
 * @throws StateCorruptError KAFKA_PAYLOAD_CORRUPT; ConfigError KAFKA_PAYLOAD_TOO_LARGE
 */
export function readLz4Block(
  input: Uint8Array,
  start: number,
  end: number,
  output: BoundedOutput,
  base: number,
  sizeMax: number,
): void {
  // A byte of input makes at most 255 bytes of output.
  const room = Math.min(sizeMax, (end - start) * 255)
  output.reserve(Math.min(room, output.limit - output.length))
  const target = output.bytes
  const limit = Math.min(output.length + room, output.limit)
  let to = output.length
  let at = start
  while (at < end) {
    const token = input[at++]!
    let count = token >>> 4
    if (count === 15) {
      let more = 255
      while (more === 255 && at < end) {
        more = input[at++]!
        count += more
      }
    }
    if (count > end - at) throw corrupt('literals pass its end')
    if (count > limit - to) throw overflow(output, to + count, limit)
    copyLiterals(input, at, target, to, count)
    at += count
    to += count
    if (at === end) break
    if (end - at < 2) throw corrupt('it ends within a distance')
    const distance = input[at]! | (input[at + 1]! << 8)
    at += 2
    let length = (token & 15) + MATCH_MIN
    if (length === 15 + MATCH_MIN) {
      let more = 255
      while (more === 255 && at < end) {
        more = input[at++]!
        length += more
      }
    }
    if (distance === 0 || distance > to - base) throw corrupt('a match begins before the data')
    if (length > limit - to) throw overflow(output, to + length, limit)
    copyMatch(target, to, distance, length)
    to += length
  }
  output.length = to
}

function corrupt(detail: string): Error {
  return corruptPayload('lz4 block', detail)
}

function overflow(output: BoundedOutput, needed: number, limit: number): Error {
  if (needed > output.limit && limit === output.limit) output.reserve(needed - output.length)
  return corrupt('it is longer than its frame allows')
}

const table = new MatchTable()

/**
 * Compresses `input[start .. end)`, at most LZ4_BLOCK_BYTES_MAX bytes, to `target` from `to` on.
 * @returns the end in `target`; -1 when the result would not end before `limit`
 */
export function writeLz4Block(
  input: Uint8Array,
  start: number,
  end: number,
  target: Uint8Array,
  to: number,
  limit: number,
): number {
  table.open(input, start)
  const matchEnd = end - LITERALS_LAST
  const last = end - MATCH_START_LIMIT
  let out = to
  let anchor = start
  let at = start
  while (at < last) {
    const match = table.find(at, last)
    if (match < 0) break
    at = table.position
    const length = table.lengthAt(at, match, matchEnd)
    out = writeSequence(input, anchor, at, length, at - match, target, out, limit)
    if (out < 0) return -1
    at += length
    anchor = at
  }
  return writeSequence(input, anchor, end, 0, 0, target, out, limit)
}

/** Writes literals and a match; without a match (length 0) it is the last sequence. */
function writeSequence(
  input: Uint8Array,
  from: number,
  literalEnd: number,
  length: number,
  distance: number,
  target: Uint8Array,
  to: number,
  limit: number,
): number {
  const literals = literalEnd - from
  const rest = length === 0 ? 0 : length - MATCH_MIN
  if (literals + literals / 255 + rest / 255 + 6 > limit - to) return -1
  let out = to
  target[out++] = (Math.min(literals, 15) << 4) | Math.min(rest, 15)
  if (literals >= 15) out = writeLength(literals - 15, target, out)
  copyLiterals(input, from, target, out, literals)
  out += literals
  if (length === 0) return out
  target[out++] = distance & 0xff
  target[out++] = distance >>> 8
  return rest >= 15 ? writeLength(rest - 15, target, out) : out
}

function writeLength(length: number, target: Uint8Array, to: number): number {
  let out = to
  let rest = length
  while (rest >= 255) {
    target[out++] = 255
    rest -= 255
  }
  target[out++] = rest
  return out
}
