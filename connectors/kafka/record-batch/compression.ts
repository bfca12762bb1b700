// The compressions of record batches by their number in the attributes. Reading is bounded: what a
// batch would grow to is never taken on trust. zstd is read where Node has it (22.15 and later).
import zlib from 'node:zlib'
import { corruptPayload, payloadTooLarge, unknownCompression } from './batch-error.ts'
import type { BoundedOutput } from './bounded-output.ts'
import { readLz4Frames, writeLz4Frame } from './lz4-frame.ts'
import { readSnappy, writeSnappy } from './snappy-frame.ts'

/** Compressions that batches are written with. */
export type Compression = 'none' | 'gzip' | 'snappy' | 'lz4'

/** Position in the list = number in the attributes. */
const NAMES = ['none', 'gzip', 'snappy', 'lz4', 'zstd'] as const
const GZIP_LEVEL = 1
const CHUNK_BYTES_MAX = 1024 * 1024

export function compressionCode(compression: Compression): number {
  return NAMES.indexOf(compression)
}

/**
 * Decompresses the records of a batch into `output`, from its beginning.
 * @throws StateCorruptError KAFKA_PAYLOAD_CORRUPT; ConfigError KAFKA_PAYLOAD_TOO_LARGE when there
 *   is more than `output` takes, KAFKA_COMPRESSION_UNKNOWN
 */
export function decompress(
  code: number,
  bytes: Uint8Array,
  start: number,
  end: number,
  output: BoundedOutput,
): void {
  output.clear()
  switch (NAMES[code]) {
    case 'none':
      output.raw(bytes, start, end)
      return
    case 'gzip':
      inflate('gzip', zlib.gunzipSync, bytes.subarray(start, end), output)
      return
    case 'snappy':
      readSnappy(bytes, start, end, output)
      return
    case 'lz4':
      readLz4Frames(bytes, start, end, output)
      return
    case 'zstd':
      inflate('zstd', zstdOf(zlib), bytes.subarray(start, end), output)
      return
    default:
      throw unknownCompression(`method ${code}`, 'Use a newer version of millrace.')
  }
}

type Inflate = (input: Uint8Array, options: zlib.ZlibOptions) => unknown

function inflate(name: string, run: Inflate, input: Uint8Array, output: BoundedOutput): void {
  const chunkSize = Math.min(CHUNK_BYTES_MAX, Math.max(16 * 1024, input.length * 4))
  const maxOutputLength = output.limit
  let inflated: unknown
  try {
    inflated = run(input, { maxOutputLength, chunkSize })
  } catch (cause) {
    if (isTooLarge(cause)) throw payloadTooLarge(output.limit)
    throw corruptPayload(name, cause instanceof Error ? cause.message : 'unknown', cause)
  }
  if (!(inflated instanceof Uint8Array)) throw corruptPayload(name, 'nothing came out')
  output.raw(inflated, 0, inflated.length)
}

function isTooLarge(error: unknown): boolean {
  return error instanceof RangeError && 'code' in error && error.code === 'ERR_BUFFER_TOO_LARGE'
}

/** @throws ConfigError KAFKA_COMPRESSION_UNKNOWN where Node is too old */
export function zstdOf(library: object): Inflate {
  const found: unknown = Reflect.get(library, 'zstdDecompressSync')
  if (typeof found === 'function') return (input, options) => found(input, options)
  throw unknownCompression(
    'zstd',
    `Run Node 22.15 or later (this is ${process.version}), or let the producer use lz4.`,
  )
}

/**
 * Compresses to `target` from `to` on.
 * @returns the end in `target`; -1 when the result would not end before `limit`
 */
export function compress(
  compression: Compression,
  input: Uint8Array,
  start: number,
  end: number,
  target: Uint8Array,
  to: number,
  limit: number,
): number {
  switch (compression) {
    case 'none':
      return -1
    case 'snappy':
      return writeSnappy(input, start, end, target, to, limit)
    case 'lz4':
      return writeLz4Frame(input, start, end, target, to, limit)
    case 'gzip': {
      const packed = zlib.gzipSync(input.subarray(start, end), { level: GZIP_LEVEL })
      if (packed.length > limit - to) return -1
      target.set(packed, to)
      return to + packed.length
    }
  }
}
