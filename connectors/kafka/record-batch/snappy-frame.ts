// Snappy as Kafka has it: Java clients and brokers frame blocks (the format of the xerial library),
// others write one block as it is. The frame:
//
//   0x82 "SNAPPY" 0x00 │ version i32 │ least version that can read it i32 │ ( size i32 │ block )*
//
// Writing is always framed, with blocks of 64 KiB.
import { corruptPayload } from './batch-error.ts'
import type { BoundedOutput } from './bounded-output.ts'
import { readSnappyBlock, SNAPPY_BLOCK_BYTES_MAX, writeSnappyBlock } from './snappy-block.ts'

const MARK = Uint8Array.of(0x82, 0x53, 0x4e, 0x41, 0x50, 0x50, 0x59, 0x00)
const FRAME_HEADER = Uint8Array.of(...MARK, 0, 0, 0, 1, 0, 0, 0, 1)

/** @throws StateCorruptError KAFKA_PAYLOAD_CORRUPT; ConfigError KAFKA_PAYLOAD_TOO_LARGE */
export function readSnappy(
  input: Uint8Array,
  start: number,
  end: number,
  output: BoundedOutput,
): void {
  if (!isFramed(input, start, end)) {
    readSnappyBlock(input, start, end, output)
    return
  }
  let at = start + FRAME_HEADER.length
  while (at < end) {
    if (end - at < 4) throw corrupt('it ends within the size of a block')
    const size = sizeAt(input, at)
    at += 4
    if (size < 0 || size > end - at) throw corrupt('a block passes its end')
    readSnappyBlock(input, at, at + size, output)
    at += size
  }
}

function isFramed(input: Uint8Array, start: number, end: number): boolean {
  if (end - start < FRAME_HEADER.length) return false
  return MARK.every((byte, i) => input[start + i] === byte)
}

function sizeAt(input: Uint8Array, at: number): number {
  return (input[at]! << 24) | (input[at + 1]! << 16) | (input[at + 2]! << 8) | input[at + 3]!
}

function corrupt(detail: string): Error {
  return corruptPayload('snappy frame', detail)
}

/**
 * Compresses to `target` from `to` on.
 * @returns the end in `target`; -1 when the result would not end before `limit`
 */
export function writeSnappy(
  input: Uint8Array,
  start: number,
  end: number,
  target: Uint8Array,
  to: number,
  limit: number,
): number {
  if (limit - to < FRAME_HEADER.length) return -1
  target.set(FRAME_HEADER, to)
  let out = to + FRAME_HEADER.length
  for (let at = start; at < end; at += SNAPPY_BLOCK_BYTES_MAX) {
    const stop = Math.min(end, at + SNAPPY_BLOCK_BYTES_MAX)
    if (limit - out < 4) return -1
    const blockEnd = writeSnappyBlock(input, at, stop, target, out + 4, limit)
    if (blockEnd < 0) return -1
    const size = blockEnd - out - 4
    for (let i = 0; i < 4; i++) target[out + i] = size >>> (24 - 8 * i)
    out = blockEnd
  }
  return out
}
