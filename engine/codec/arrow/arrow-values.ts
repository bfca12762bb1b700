// Arrays of Arrow data as the arrays our columns are made of. Below a null the value is always 0,
// whatever the writer of the Arrow data left there. Types are checked by the caller.
import * as arrow from 'apache-arrow'

/** One byte a row, 1 = null; undefined when there is none. */
export function nullsOf(data: arrow.Data): Uint8Array | undefined {
  if (data.nullCount === 0) return undefined
  const nulls = new Uint8Array(data.length)
  const { nullBitmap, offset } = data
  for (let i = 0; i < nulls.length; i++) {
    const at = offset + i
    nulls[i] = (nullBitmap[at >> 3]! >> (at & 7)) & 1 ? 0 : 1
  }
  return nulls
}

/** Bit-packed values as one byte a row. */
export function bits(data: arrow.Data, nulls: Uint8Array | undefined): Uint8Array {
  const source: Uint8Array = data.values
  const values = new Uint8Array(data.length)
  for (let i = 0; i < values.length; i++) {
    const at = data.offset + i
    if (nulls === undefined || nulls[i] === 0) values[i] = (source[at >> 3]! >> (at & 7)) & 1
  }
  return values
}

/** Numbers of any width up to 32 bits, or float64, as float64. */
export function float64Values(data: arrow.Data, nulls: Uint8Array | undefined): Float64Array {
  const source: Float64Array = data.values
  if (source instanceof Float64Array && nulls === undefined) return source.subarray(0, data.length)
  const values = new Float64Array(data.length)
  for (let i = 0; i < values.length; i++) {
    if (nulls === undefined || nulls[i] === 0) values[i] = source[i]!
  }
  return values
}

/** 64-bit integers as their nearest float64, 0 below nulls. */
export function words(data: arrow.Data, nulls: Uint8Array | undefined): Float64Array {
  const source: BigInt64Array = data.values
  const parts = new Int32Array(source.buffer, source.byteOffset, 2 * data.length)
  const values = new Float64Array(data.length)
  for (let i = 0; i < values.length; i++) {
    if (nulls !== undefined && nulls[i] === 1) continue
    values[i] = parts[2 * i + 1]! * 4294967296 + (parts[2 * i]! >>> 0)
  }
  return values
}

/** Times in `unit` as microseconds; nanoseconds are cut. */
export function microseconds(values: Float64Array, unit: arrow.TimeUnit): Float64Array {
  switch (unit) {
    case arrow.TimeUnit.MICROSECOND:
      return values
    case arrow.TimeUnit.NANOSECOND:
      return values.map((value) => Math.floor(value / 1000))
    case arrow.TimeUnit.MILLISECOND:
      return values.map((value) => value * 1000)
    default:
      return values.map((value) => value * 1_000_000)
  }
}

/** The 128-bit two's complement of a row. */
export function int128(parts: Uint32Array, row: number): bigint {
  let value = 0n
  for (let w = 3; w >= 0; w--) value = (value << 32n) | BigInt(parts[4 * row + w]!)
  return BigInt.asIntN(128, value)
}

/** The `length + 1` offsets of variable-length data. */
export function offsetsOf(data: arrow.Data): Int32Array {
  // Without rows Arrow allows no offsets at all.
  if (data.length === 0) return new Int32Array(1)
  const offsets: Int32Array | BigInt64Array = data.valueOffsets
  if (offsets instanceof Int32Array) return offsets.subarray(0, data.length + 1)
  return Int32Array.from(offsets.subarray(0, data.length + 1), Number)
}
