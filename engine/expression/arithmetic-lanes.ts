// Loops of arithmetic over float64 lanes. The exact loops (int32, int64, decimal) stop and return
// false at the first row that float64 can't answer exactly or that would fail; the caller then
// takes the whole batch through `arithmetic-exact.ts`. A float64 product or sum of integers is
// exact when it lies within ± (2^53 - 1), because a larger true result never rounds into that
// range.

/** out[i] = values[i] * factor; false when a result is not exact. */
export function scaleLane(values: Float64Array, factor: number, out: Float64Array): boolean {
  for (let i = 0; i < values.length; i++) {
    const scaled = values[i]! * factor
    if (scaled > Number.MAX_SAFE_INTEGER || scaled < -Number.MAX_SAFE_INTEGER) return false
    out[i] = scaled
  }
  return true
}

export type ExactLoop = (
  a: Float64Array,
  b: Float64Array,
  out: Float64Array,
  nulls: Uint8Array | undefined,
  limit: number,
) => boolean

export const exactLoops: Readonly<Record<'add' | 'sub' | 'mul' | 'div' | 'mod', ExactLoop>> = {
  add: (a, b, out, _nulls, limit) => {
    for (let i = 0; i < out.length; i++) {
      const result = a[i]! + b[i]!
      if (result > limit || result < -limit) return false
      out[i] = result
    }
    return true
  },
  sub: (a, b, out, _nulls, limit) => {
    for (let i = 0; i < out.length; i++) {
      const result = a[i]! - b[i]!
      if (result > limit || result < -limit) return false
      out[i] = result
    }
    return true
  },
  mul: (a, b, out, _nulls, limit) => {
    for (let i = 0; i < out.length; i++) {
      const result = a[i]! * b[i]!
      if (result > limit || result < -limit) return false
      // + 0 turns -0 into 0: integers have one zero.
      out[i] = result + 0
    }
    return true
  },
  // The float64 quotient of safe integers never reaches the next integer: the true one is at least
  // 1/b away from it, the rounding error is smaller.
  div: (a, b, out, nulls, limit) => {
    for (let i = 0; i < out.length; i++) {
      const divisor = b[i]!
      if (divisor === 0) {
        if (nulls === undefined || nulls[i] !== 1) return false
        continue
      }
      const result = Math.trunc(a[i]! / divisor)
      if (result > limit || result < -limit) return false
      out[i] = result + 0
    }
    return true
  },
  mod: (a, b, out, nulls) => {
    for (let i = 0; i < out.length; i++) {
      const divisor = b[i]!
      if (divisor === 0) {
        if (nulls === undefined || nulls[i] !== 1) return false
        continue
      }
      out[i] = (a[i]! % divisor) + 0
    }
    return true
  },
}

/**
 * out[i] = a[i] * 10^digits / b[i], rounded half away from zero: long division that brings down as
 * many digits at once as stay exact.
 */
export function divideLanes(
  a: Float64Array,
  b: Float64Array,
  out: Float64Array,
  nulls: Uint8Array | undefined,
  digits: number,
  limit: number,
): boolean {
  for (let i = 0; i < out.length; i++) {
    if (nulls !== undefined && nulls[i] === 1) continue
    const size = Math.abs(b[i]!)
    if (size === 0 || size > LONG_DIVISOR_MAX) return false
    const dividend = Math.abs(a[i]!)
    let quotient = Math.floor(dividend / size)
    let rest = dividend - quotient * size
    let left = digits
    while (left > 0) {
      let factor = 10
      left--
      while (left > 0 && factor * size <= LONG_DIVISOR_MAX) {
        factor *= 10
        left--
      }
      const shifted = rest * factor
      const next = Math.floor(shifted / size)
      rest = shifted - next * size
      quotient = quotient * factor + next
      if (quotient > limit) return false
    }
    if (rest * 2 >= size) quotient++
    if (quotient > limit) return false
    out[i] = a[i]! < 0 !== b[i]! < 0 ? 0 - quotient : quotient
  }
  return true
}

const LONG_DIVISOR_MAX = 900_719_925_474_099

export type FloatLoop = (a: Float64Array, b: Float64Array, out: Float64Array) => void

/** IEEE 754 as it is: division by zero gives an infinity or NaN. */
export const floatLoops: Readonly<Record<'add' | 'sub' | 'mul' | 'div' | 'mod', FloatLoop>> = {
  add: (a, b, out) => {
    for (let i = 0; i < out.length; i++) out[i] = a[i]! + b[i]!
  },
  sub: (a, b, out) => {
    for (let i = 0; i < out.length; i++) out[i] = a[i]! - b[i]!
  },
  mul: (a, b, out) => {
    for (let i = 0; i < out.length; i++) out[i] = a[i]! * b[i]!
  },
  div: (a, b, out) => {
    for (let i = 0; i < out.length; i++) out[i] = a[i]! / b[i]!
  },
  mod: (a, b, out) => {
    for (let i = 0; i < out.length; i++) out[i] = a[i]! % b[i]!
  },
}
