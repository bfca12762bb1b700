// Bounds of what one record batch may make us hold. A batch comes from the network: nothing that it
// says of its own size is believed before these are asked.

/** Bytes of the records of one batch after decompression. */
export const PAYLOAD_BYTES_MAX = 64 * 1024 * 1024
/** Bytes of one batch that is written, before compression; brokers take 1 MiB by default. */
export const BATCH_BYTES_MAX = 1_000_000
/** A larger buffer for decompressed records is let go when the response has been read. */
export const PAYLOAD_BYTES_KEPT = 8 * 1024 * 1024
/** Headers of one record that is written. */
export const HEADERS_MAX = 63
