// A float64 as an exact integer of units 2^-1074 (the least positive float64), and back with one
// rounding to nearest, ties to even. Exact sums that no longer fit a short expansion live so.

const view = new DataView(new ArrayBuffer(8))

/** A finite float64 in units of 2^-1074. */
export function toUnits(value: number): bigint {
  view.setFloat64(0, value)
  const high = view.getUint32(0)
  const exponent = (high >>> 20) & 0x7ff
  const fraction = (BigInt(high & 0xfffff) << 32n) | BigInt(view.getUint32(4))
  const magnitude = exponent === 0 ? fraction : (fraction | (1n << 52n)) << BigInt(exponent - 1)
  return high >>> 31 === 1 ? -magnitude : magnitude
}

/** The float64 nearest to `units` × 2^-1074; ± Infinity beyond the range. */
export function fromUnits(units: bigint): number {
  if (units < 0n) return -fromUnits(-units)
  const bits = units.toString(2).length
  if (bits <= 53) return Number(units) * Number.MIN_VALUE
  const shift = BigInt(bits - 53)
  const rest = units & ((1n << shift) - 1n)
  const half = 1n << (shift - 1n)
  let mantissa = units >> shift
  if (rest > half || (rest === half && (mantissa & 1n) === 1n)) mantissa++
  const exponent = bits - 53 - 1074
  if (exponent > 1023) return Number.POSITIVE_INFINITY
  return Number(mantissa) * 2 ** exponent
}
