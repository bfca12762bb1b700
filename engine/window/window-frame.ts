// WindowFrame: where windows and panes lie in time. Pure arithmetic on whole microseconds; it knows
// neither keys nor aggregates.
//
//   pane     [s, s + pane), pane = gcd(size, slide); s ≡ offset (mod pane)
//   window   [e - size, e), e ≡ offset + size (mod slide); it holds whole panes
//   closed   when a watermark ≥ e - 1 ms; late (law 4): watermarkBefore ≥ e - 1 ms + lateness
import { ConfigError } from '../errors.ts'
import { WINDOWS_PER_RECORD_MAX } from '../limits.ts'

const MICROS_PER_MS = 1000

/** All in microseconds, whole milliseconds. */
export interface WindowOptions {
  readonly size: number
  /** Distance of two windows; tumbling windows have `slide` = `size`. */
  readonly slide: number
  /** Windows begin at `offset` + k × `slide`; any sign. Default 0: aligned to the epoch. */
  readonly offset?: number
  /** How long after its close a window still takes records, by the watermark. Default 0. */
  readonly allowedLateness?: number
}

/** Checked options with what follows from them. Plain data. */
export interface WindowFrame {
  readonly size: number
  readonly slide: number
  readonly offset: number
  readonly allowedLateness: number
  /** Length of a pane. */
  readonly pane: number
}

/** @throws ConfigError WINDOW_INVALID that names the option. */
export function windowFrame(options: WindowOptions): WindowFrame {
  const { size, slide, offset = 0, allowedLateness = 0 } = options
  checkDuration('size', size, MICROS_PER_MS)
  checkDuration('slide', slide, MICROS_PER_MS)
  checkDuration('offset', offset, Number.MIN_SAFE_INTEGER)
  checkDuration('allowedLateness', allowedLateness, 0)
  if (slide > size) throw invalid('slide', `at most the size ${size}`, slide)
  const pane = greatestCommonDivisor(size, slide)
  if (size / pane > WINDOWS_PER_RECORD_MAX) {
    throw invalid('slide', `at most ${WINDOWS_PER_RECORD_MAX} panes a window`, size / pane)
  }
  const phase = ((offset % slide) + slide) % slide
  return { size, slide, offset: phase, allowedLateness, pane }
}

/** Start of the pane that holds `time`. */
export function paneStart(frame: WindowFrame, time: number): number {
  return Math.floor((time - frame.offset) / frame.pane) * frame.pane + frame.offset
}

/** End of the first window that holds the pane. */
export function firstWindowEnd(frame: WindowFrame, start: number): number {
  const phase = frame.offset + frame.size
  return (Math.floor((start - phase) / frame.slide) + 1) * frame.slide + phase
}

/** End of the last window that holds the pane. */
export function lastWindowEnd(frame: WindowFrame, start: number): number {
  return Math.floor((start - frame.offset) / frame.slide) * frame.slide + frame.offset + frame.size
}

/**
 * End of the first window at or after `end` for which a record is not late whose channel stood at
 * `watermark` just before it. Beyond `lastWindowEnd` the record is late for all its windows.
 */
export function firstOpenEnd(frame: WindowFrame, end: number, watermark: number): number {
  const closed = watermark - frame.allowedLateness + MICROS_PER_MS
  if (end > closed) return end
  if (closed === Number.POSITIVE_INFINITY) return closed
  return end + (Math.floor((closed - end) / frame.slide) + 1) * frame.slide
}

/**
 * The watermark that closes the window ending at `end`; also the time of the timer that fires it.
 */
export function closingTime(end: number): number {
  return end - MICROS_PER_MS
}

/** End of the last window that `watermark` closes. */
export function lastClosedEnd(frame: WindowFrame, watermark: number): number {
  const phase = frame.offset + frame.size
  const steps = Math.floor((watermark + MICROS_PER_MS - phase) / frame.slide)
  return steps * frame.slide + phase
}

/** The watermark after which nothing can change the window ending at `end` any more. */
export function expiryTime(frame: WindowFrame, end: number): number {
  return end - MICROS_PER_MS + frame.allowedLateness
}

function greatestCommonDivisor(a: number, b: number): number {
  let [x, y] = [a, b]
  while (y > 0) [x, y] = [y, x % y]
  return x
}

function checkDuration(name: string, value: number, least: number): void {
  if (Number.isSafeInteger(value) && value % MICROS_PER_MS === 0 && value >= least) return
  throw invalid(name, `whole milliseconds${least > 0 ? ' above 0' : ''}`, `${value} µs`)
}

function invalid(name: string, expected: string, found: number | string): ConfigError {
  return new ConfigError({
    code: 'WINDOW_INVALID',
    message: `the window's ${name} can not be used`,
    expected,
    found: String(found),
    remedy: `Change ${name}.`,
  })
}
