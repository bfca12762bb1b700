// The one place where the wall clock, timers and chance enter the engine. Everything else is given
// a `Clock`; results never depend on it (law 1).

/** Wall clock in epoch microseconds, a monotonic stopwatch in milliseconds, and delays. */
export interface Clock {
  /** Epoch microseconds (whole milliseconds × 1,000). */
  nowMicros(): number
  /** Monotonic milliseconds with a fraction; only differences mean something. */
  elapsedMs(): number
  /** Resolves after `ms`; a cleared delay never resolves. */
  delay(ms: number): Promise<void>
  /** Calls `run` every `ms` until the returned function is called; does not keep a process alive. */
  every(ms: number, run: () => void): () => void
}

export const systemClock: Clock = {
  nowMicros: () => Date.now() * 1000,
  elapsedMs: () => performance.now(),
  delay: (ms) => new Promise((resolve) => setTimeout(resolve, ms)),
  every: (ms, run) => {
    const timer = setInterval(run, ms)
    timer.unref()
    return () => clearInterval(timer)
  },
}

/** A pseudo-random source in [0, 1). */
export type Random = () => number

/** Mulberry32: 32 bits of state, the same sequence for the same seed on every machine. */
export function seededRandom(seed: number): Random {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let t = state
    t = Math.imul(t ^ (t >>> 15), t | 1)
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61)
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296
  }
}

/** A seed for runs that were given none; print it, so that the run can be repeated. */
export function chanceSeed(): number {
  return Math.floor(Math.random() * 0x7fffffff)
}

/** Lets the event loop breathe: resolves after pending I/O callbacks ran. */
export function yieldToEventLoop(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve))
}
