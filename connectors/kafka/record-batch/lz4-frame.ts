// LZ4 frames, as Kafka clients write them:
//
//   magic u32 LE │ flags u8 │ block size u8 │ [content size u64] │ [dictionary u32] │ header check u8
//   ( block size u32 LE, top bit: stored as it is │ block │ [check u32] )* │ 0 u32 │ [check u32]
//
// Checksums inside of a frame are passed over: the CRC32C of the batch covers all of it. Frames are
// written with independent blocks of 64 KiB, without checksums, so their header never differs.
import { corruptPayload } from './batch-error.ts'
import type { BoundedOutput } from './bounded-output.ts'
import { LZ4_BLOCK_BYTES_MAX, readLz4Block, writeLz4Block } from './lz4-block.ts'

const FRAME_HEADER = Uint8Array.of(0x04, 0x22, 0x4d, 0x18, 0x60, 0x40, 0x82)
const STORED = 0x80000000
const VERSION_MASK = 0xc0
const VERSION = 0x40
const INDEPENDENT = 0x20
const BLOCK_CHECK = 0x10
const CONTENT_SIZE = 0x08
const CONTENT_CHECK = 0x04
const DICTIONARY = 0x01

/** @throws StateCorruptError KAFKA_PAYLOAD_CORRUPT; ConfigError KAFKA_PAYLOAD_TOO_LARGE */
export function readLz4Frames(
  input: Uint8Array,
  start: number,
  end: number,
  output: BoundedOutput,
): void {
  let at = start
  while (at < end) at = readFrame(input, at, end, output)
}

function readFrame(input: Uint8Array, start: number, end: number, output: BoundedOutput): number {
  for (let i = 0; i < 4; i++) {
    if (input[start + i] !== FRAME_HEADER[i]) throw corrupt('it does not begin with its mark')
  }
  if (end - start < FRAME_HEADER.length) throw corrupt('it ends within its header')
  const flags = input[start + 4]!
  if ((flags & VERSION_MASK) !== VERSION) throw corrupt('its version is unknown')
  if ((flags & DICTIONARY) !== 0) throw corrupt('it needs a dictionary')
  const blockMax = blockSize(input[start + 5]!)
  const frameBase = output.length
  let at = start + FRAME_HEADER.length + ((flags & CONTENT_SIZE) === 0 ? 0 : 8)
  for (;;) {
    if (end - at < 4) throw corrupt('it ends without its end mark')
    const size = wordAt(input, at)
    at += 4
    if (size === 0) break
    const stop = at + (size & ~STORED)
    if (stop > end) throw corrupt('a block passes its end')
    if (stop - at > blockMax) throw corrupt('a block is longer than the frame allows')
    const base = (flags & INDEPENDENT) === 0 ? frameBase : output.length
    if (size < 0) output.raw(input, at, stop)
    else readLz4Block(input, at, stop, output, base, blockMax)
    at = stop + ((flags & BLOCK_CHECK) === 0 ? 0 : 4)
  }
  return at + ((flags & CONTENT_CHECK) === 0 ? 0 : 4)
}

function blockSize(descriptor: number): number {
  const code = (descriptor >>> 4) & 7
  if (code < 4) throw corrupt('its block size is unknown')
  return 1 << (8 + 2 * code)
}

/** 32 bits with their sign: a stored block is negative. */
function wordAt(input: Uint8Array, at: number): number {
  return input[at]! | (input[at + 1]! << 8) | (input[at + 2]! << 16) | (input[at + 3]! << 24)
}

function corrupt(detail: string): Error {
  return corruptPayload('lz4 frame', detail)
}

/**
 * Compresses to `target` from `to` on.
 * @returns the end in `target`; -1 when the result would not end before `limit`
 */
export function writeLz4Frame(
  input: Uint8Array,
  start: number,
  end: number,
  target: Uint8Array,
  to: number,
  limit: number,
): number {
  if (limit - to < FRAME_HEADER.length + 4) return -1
  target.set(FRAME_HEADER, to)
  let out = to + FRAME_HEADER.length
  for (let at = start; at < end; at += LZ4_BLOCK_BYTES_MAX) {
    const stop = Math.min(end, at + LZ4_BLOCK_BYTES_MAX)
    const storedEnd = out + 4 + stop - at
    // A block must be shorter than what it holds, or is stored.
    const room = Math.min(limit - 4, storedEnd)
    const blockEnd = writeLz4Block(input, at, stop, target, out + 4, room)
    if (blockEnd >= 0) {
      writeWord(target, out, blockEnd - out - 4)
      out = blockEnd
      continue
    }
    if (storedEnd > limit - 4) return -1
    target.set(input.subarray(at, stop), out + 4)
    writeWord(target, out, (stop - at) | STORED)
    out = storedEnd
  }
  writeWord(target, out, 0)
  return out + 4
}

function writeWord(target: Uint8Array, at: number, value: number): void {
  for (let i = 0; i < 4; i++) target[at + i] = value >>> (8 * i)
}
