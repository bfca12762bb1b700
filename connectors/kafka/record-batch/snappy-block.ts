// Snappy blocks: the length as a varint, then literals and copies. The low two bits of a tag tell
// which:
//
//   00 literal, length-1 in 6 bits or in 1-4 bytes   01 copy of 4-11, distance 11 bits
//   10 copy of 1-64, distance u16 LE                 11 copy of 1-64, distance u32 LE
//
// The encoder is greedy like the one of LZ4 and writes copies with distances of 16 bits.
import { corruptPayload } from './batch-error.ts'
import type { BoundedOutput } from './bounded-output.ts'
import { copyLiterals, copyMatch } from './byte-copy.ts'
import { MatchTable } from './match-table.ts'

/** What a block is asked to hold at most when it is written. */
export const SNAPPY_BLOCK_BYTES_MAX = 65536
const COPY_BYTES_MAX = 64
const COPY_BYTES_MIN = 4

/** @throws StateCorruptError KAFKA_PAYLOAD_CORRUPT; ConfigError KAFKA_PAYLOAD_TOO_LARGE */
export function readSnappyBlock(
  input: Uint8Array,
  start: number,
  end: number,
  output: BoundedOutput,
): void {
  let at = start
  let size = 0
  for (let factor = 1; ; factor *= 128) {
    if (at >= end || factor > 2 ** 28) throw corrupt('its length has no end')
    const byte = input[at++]!
    size += (byte & 0x7f) * factor
    if (byte < 0x80) break
  }
  // Three bytes of input make at most 64 bytes of output: a larger size is a lie.
  if (size > (end - start) * 32) throw corrupt('its length is too large for its bytes')
  output.reserve(size)
  const base = output.length
  const limit = base + size
  const target = output.bytes
  let to = base
  while (at < end) {
    const tag = input[at++]!
    const kind = tag & 3
    let count = (tag >>> 2) + 1
    if (kind === 0) {
      if (count > 60) {
        const width = count - 60
        if (end - at < width) throw corrupt('it ends within a length')
        count = readNumber(input, at, width) + 1
        at += width
      }
      if (count > end - at || count > limit - to) throw corrupt('literals pass its end')
      copyLiterals(input, at, target, to, count)
      at += count
      to += count
      continue
    }
    const width = kind === 3 ? 4 : kind
    if (end - at < width) throw corrupt('it ends within a distance')
    let distance = readNumber(input, at, width)
    at += width
    if (kind === 1) {
      distance += (tag >>> 5) << 8
      count = ((tag >>> 2) & 7) + 4
    }
    if (distance === 0 || distance > to - base) throw corrupt('a copy begins before the data')
    if (count > limit - to) throw corrupt('a copy passes its end')
    copyMatch(target, to, distance, count)
    to += count
  }
  if (to !== limit) throw corrupt('it is shorter than it says')
  output.length = to
}

function readNumber(input: Uint8Array, at: number, width: number): number {
  let value = 0
  for (let i = width - 1; i >= 0; i--) value = value * 256 + input[at + i]!
  return value
}

function corrupt(detail: string): Error {
  return corruptPayload('snappy', detail)
}

const table = new MatchTable()

/**
 * Compresses `input[start .. end)`, at most SNAPPY_BLOCK_BYTES_MAX, to `target` from `to` on.
 * @returns the end in `target`; -1 when the result would not end before `limit`
 */
export function writeSnappyBlock(
  input: Uint8Array,
  start: number,
  end: number,
  target: Uint8Array,
  to: number,
  limit: number,
): number {
  if (limit - to < 5) return -1
  let out = writeSize(end - start, target, to)
  table.open(input, start)
  const last = end - COPY_BYTES_MIN
  let anchor = start
  let at = start
  while (at < last) {
    const match = table.find(at, last)
    if (match < 0) break
    at = table.position
    const length = table.lengthAt(at, match, end)
    out = writeLiterals(input, anchor, at, target, out, limit)
    if (out < 0 || limit - out < 3 * Math.ceil(length / COPY_BYTES_MAX)) return -1
    out = writeCopies(length, at - match, target, out)
    at += length
    anchor = at
  }
  return writeLiterals(input, anchor, end, target, out, limit)
}

function writeLiterals(
  input: Uint8Array,
  from: number,
  end: number,
  target: Uint8Array,
  to: number,
  limit: number,
): number {
  const count = end - from
  if (count === 0) return to
  if (count + 3 > limit - to) return -1
  let out = to
  if (count <= 60) {
    target[out++] = (count - 1) << 2
  } else if (count <= 256) {
    target[out++] = 60 << 2
    target[out++] = count - 1
  } else {
    target[out++] = 61 << 2
    target[out++] = (count - 1) & 0xff
    target[out++] = (count - 1) >>> 8
  }
  copyLiterals(input, from, target, out, count)
  return out + count
}

function writeCopies(length: number, distance: number, target: Uint8Array, to: number): number {
  let out = to
  for (let rest = length; rest > 0; rest -= COPY_BYTES_MAX) {
    const count = Math.min(rest, COPY_BYTES_MAX)
    target[out++] = ((count - 1) << 2) | 2
    target[out++] = distance & 0xff
    target[out++] = distance >>> 8
  }
  return out
}

function writeSize(size: number, target: Uint8Array, to: number): number {
  let out = to
  let rest = size
  while (rest >= 0x80) {
    target[out++] = (rest & 0x7f) | 0x80
    rest >>>= 7
  }
  target[out++] = rest
  return out
}
