// Quantiles and medians of what a bench measured. Nearest rank, no interpolation: a value that is
// shown was measured.

/** The value below or at which the share `q` of the values lies; 0 for none. */
export function quantile(values: readonly number[], q: number): number {
  const sorted = [...values].sort((a, b) => a - b)
  return sorted[Math.min(sorted.length - 1, Math.floor(q * sorted.length))] ?? 0
}

export function median(values: readonly number[]): number {
  return quantile(values, 0.5)
}

/** What a table shows of a set of durations, in milliseconds to two digits. */
export interface Spread {
  readonly count: number
  readonly p50: number
  readonly p99: number
  readonly max: number
}

export function spread(values: readonly number[]): Spread {
  return {
    count: values.length,
    p50: rounded(quantile(values, 0.5)),
    p99: rounded(quantile(values, 0.99)),
    max: rounded(Math.max(0, ...values)),
  }
}

/** To two digits behind the point. */
export function rounded(value: number): number {
  return Math.round(value * 100) / 100
}

/** Things per second from a number of things and milliseconds, whole. */
export function perSecond(things: number, elapsedMs: number): number {
  return Math.round((things * 1000) / Math.max(elapsedMs, 0.001))
}
