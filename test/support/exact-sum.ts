// The exact sum of float64 values by whole-number fractions, for comparing with the engine's sums.
// It shares no code with them: it searches for the nearest float64.

/** The sum as a fraction of whole numbers, rounded by looking for the nearest float64. */
export function exactSum(values: readonly number[]): number {
  const finite = values.filter(Number.isFinite)
  const rest = values.filter((value) => !Number.isFinite(value))
  if (rest.length > 0) return rest.reduce((a, b) => a + b, 0)
  // Units of 2^-1074: scale by exact powers of two until the value is whole.
  const units = finite.reduce((total, value) => total + wholeUnits(value), 0n)
  if (units === 0n) return 0
  const sign = units < 0n ? -1 : 1
  const wanted = units < 0n ? -units : units
  let low = 0n
  let high = bitsOf(Number.MAX_VALUE) + 1n
  while (high - low > 1n) {
    const middle = (low + high) / 2n
    if (middle <= bitsOf(Number.MAX_VALUE) && wholeUnits(floatOf(middle)) <= wanted) low = middle
    else high = middle
  }
  const below = wholeUnits(floatOf(low))
  const next = low + 1n
  const isLast = next > bitsOf(Number.MAX_VALUE)
  const above = isLast ? 2n ** 2098n : wholeUnits(floatOf(next))
  const twice = wanted * 2n - below - above
  const isUp = twice > 0n || (twice === 0n && low % 2n === 1n)
  return sign * (isUp ? (isLast ? Number.POSITIVE_INFINITY : floatOf(next)) : floatOf(low))
}

function wholeUnits(value: number): bigint {
  let scaled = Math.abs(value)
  let shift = 1074
  for (; shift > 0 && !Number.isInteger(scaled); shift--) scaled *= 2
  const units = BigInt(scaled) << BigInt(shift)
  return value < 0 ? -units : units
}

function bitsOf(value: number): bigint {
  return new BigUint64Array(new Float64Array([value]).buffer)[0] ?? 0n
}

function floatOf(bits: bigint): number {
  return new Float64Array(new BigUint64Array([bits]).buffer)[0] ?? 0
}
