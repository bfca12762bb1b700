// Hashes of short keys. `hashBytes` (FNV-1a with murmur's finaliser) is for tables in memory only;
// `murmur2` is Kafka's partitioner hash and must stay as the Java client computes it.

/** 32-bit FNV-1a over `bytes[start .. end)`, mixed; a signed integer. */
export function hashBytes(bytes: Uint8Array, start: number, end: number): number {
  let h = -2128831035
  for (let i = start; i < end; i++) h = Math.imul(h ^ bytes[i]!, 16777619)
  return mix32(h)
}

/** Murmur3's finaliser: spreads the bits of an integer over all 32. */
export function mix32(value: number): number {
  let h = value
  h = Math.imul(h ^ (h >>> 16), -2048144789)
  h = Math.imul(h ^ (h >>> 13), -1028477387)
  return h ^ (h >>> 16)
}

/** Hash of a float64 that holds an integer. */
export function hashInteger(value: number): number {
  const high = Math.floor(value / 4294967296)
  return mix32((value | 0) ^ Math.imul(high, -1640531527))
}

/** Murmur2 with Kafka's seed, as a signed 32-bit integer. */
export function murmur2(bytes: Uint8Array, start = 0, end = bytes.length): number {
  const m = 0x5bd1e995
  const length = end - start
  let h = 0x9747b28c ^ length
  let at = start
  for (; at + 4 <= end; at += 4) {
    let k = bytes[at]! | (bytes[at + 1]! << 8) | (bytes[at + 2]! << 16) | (bytes[at + 3]! << 24)
    k = Math.imul(k, m)
    k = Math.imul(k ^ (k >>> 24), m)
    h = Math.imul(h, m) ^ k
  }
  const left = end - at
  if (left === 3) h ^= bytes[at + 2]! << 16
  if (left >= 2) h ^= bytes[at + 1]! << 8
  if (left >= 1) h = Math.imul(h ^ bytes[at]!, m)
  h = Math.imul(h ^ (h >>> 13), m)
  return h ^ (h >>> 15)
}

/** Kafka's default partition of a key: murmur2, made positive, modulo the partition count. */
export function murmur2Partition(bytes: Uint8Array, start: number, end: number, count: number) {
  return (murmur2(bytes, start, end) & 0x7fffffff) % count
}
