// What can be wrong with fetched batches, by what helps. Damage that no checksum vouches for may be
// gone when the broker is asked again; bytes that the checksum covers are as they were written, and
// asking again can not change them.
import {
  ConfigError,
  MillraceError,
  RetryableError,
  StateCorruptError,
} from '../../../engine/errors.ts'

/** Where a batch stands, for a person: `orders-3, batch at offset 120`. */
export function placeOf(partition: string, baseOffset: number): string {
  return `${partition}, batch at offset ${baseOffset}`
}

/** The same error with the place in front; anything else as it is. */
export function placed(error: unknown, place: string): unknown {
  if (!(error instanceof MillraceError)) return error
  const { code, message: found } = error
  const detail = { code, message: `can not read ${place}`, found, cause: error }
  if (error instanceof RetryableError) return new RetryableError(detail)
  if (error instanceof StateCorruptError) return new StateCorruptError(detail)
  return error instanceof ConfigError ? new ConfigError(detail) : error
}

/** The frame or the checksum of a batch is wrong: nothing of it was used, it can be fetched again. */
export function damagedBatch(expected: string, found: string): RetryableError {
  return new RetryableError({
    code: 'KAFKA_BATCH_DAMAGED',
    message: 'a record batch was damaged on its way or at the broker',
    expected,
    found,
    remedy: "It is fetched again; if that does not help, check the broker's disk.",
  })
}

/** The checksum is right, what it covers is not what record batches look like. */
export function corruptBatch(expected: string, found: string): StateCorruptError {
  return new StateCorruptError({
    code: 'KAFKA_BATCH_CORRUPT',
    message: `a record batch was written wrongly`,
    expected,
    found,
    remedy: 'Find the producer that wrote it; start after this batch to leave it out.',
  })
}

/** A response holds the beginning of one batch and nothing else. */
export function cutBatch(size: number, found: number): RetryableError {
  return new RetryableError({
    code: 'KAFKA_BATCH_CUT',
    message: `the broker sent only a part of a record batch`,
    expected: `${size} bytes`,
    found: `${found}`,
    remedy: 'Let a fetch take more bytes than the largest batch of the topic.',
  })
}

/** Message sets of Kafka 0.10 and older, or a format of the future. */
export function unknownFormat(magic: number): ConfigError {
  return new ConfigError({
    code: 'KAFKA_BATCH_FORMAT',
    message: `the topic holds messages in a format that is not read here`,
    expected: 'record batches, format 2 (Kafka 0.11 and later)',
    found: `format ${magic}`,
    remedy: 'Copy the topic with a current Kafka client, and read the copy.',
  })
}

/** Decompression would pass the bound. */
export function payloadTooLarge(limit: number): ConfigError {
  return new ConfigError({
    code: 'KAFKA_PAYLOAD_TOO_LARGE',
    message: 'the records of a compressed batch are too large',
    expected: `at most ${limit} bytes after decompression`,
    found: 'more',
    remedy: 'Let its producer write smaller batches; start after this batch to leave it out.',
  })
}

/** Compressed records that are not what their format says. */
export function corruptPayload(format: string, detail: string, cause?: unknown): StateCorruptError {
  return new StateCorruptError({
    code: 'KAFKA_PAYLOAD_CORRUPT',
    message: `the compressed records of a batch can not be decompressed (${format}: ${detail})`,
    remedy: 'Find the producer that wrote it; start after this batch to leave it out.',
    cause,
  })
}

/** A compression that this process has no code for. */
export function unknownCompression(name: string, remedy: string): ConfigError {
  return new ConfigError({
    code: 'KAFKA_COMPRESSION_UNKNOWN',
    message: `a batch is compressed with ${name}, which can not be read here`,
    remedy,
  })
}
