import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  closingTime,
  expiryTime,
  firstOpenEnd,
  firstWindowEnd,
  lastClosedEnd,
  lastWindowEnd,
  paneStart,
  type WindowFrame,
  type WindowOptions,
  windowFrame,
} from '../../../engine/window/index.ts'

const SECOND = 1_000_000
const MINUTE = 60 * SECOND
const at = (text: string) => Date.parse(`2024-03-10T${text}Z`) * 1000
const clock = (time: number) => new Date(time / 1000).toISOString().slice(11, 19)

/** Starts of all windows that hold a time, by the arithmetic under test. */
function starts(frame: WindowFrame, time: number): string[] {
  const pane = paneStart(frame, time)
  const found: string[] = []
  for (let end = firstWindowEnd(frame, pane); end <= lastWindowEnd(frame, pane); ) {
    found.push(clock(end - frame.size))
    end += frame.slide
  }
  return found
}

describe('five minutes every minute', () => {
  const frame = windowFrame({ size: 5 * MINUTE, slide: MINUTE })

  test('an event at 12:03:30 lies in the windows from 11:59 to 12:03', () => {
    const expected = ['11:59:00', '12:00:00', '12:01:00', '12:02:00', '12:03:00']
    expect(starts(frame, at('12:03:30'))).toEqual(expected)
  })

  test('an event exactly at 12:05:00 does not lie in [12:00, 12:05)', () => {
    expect(starts(frame, at('12:05:00'))[0]).toBe('12:01:00')
    expect(starts(frame, at('12:05:00') - 1)[0]).toBe('12:00:00')
  })

  test('windows are aligned to the epoch, and an offset moves them', () => {
    const moved = windowFrame({ size: 5 * MINUTE, slide: MINUTE, offset: 15 * SECOND })
    expect(starts(moved, at('12:03:30')).at(-1)).toBe('12:03:15')
    expect(starts(moved, at('12:03:14')).at(-1)).toBe('12:02:15')
    const same = windowFrame({ size: 5 * MINUTE, slide: MINUTE, offset: -45 * SECOND })
    expect(same).toEqual(moved)
  })

  test('a window closes 1 ms before its end, and expires the lateness after that', () => {
    const late = windowFrame({ size: 5 * MINUTE, slide: MINUTE, allowedLateness: 2 * SECOND })
    const end = at('12:05:00')
    expect(closingTime(end)).toBe(end - 1000)
    expect(expiryTime(late, end)).toBe(end - 1000 + 2 * SECOND)
    expect(firstOpenEnd(late, end, end - 1001 + 2 * SECOND)).toBe(end)
    expect(firstOpenEnd(late, end, end - 1000 + 2 * SECOND)).toBe(end + MINUTE)
    expect(lastClosedEnd(late, end - 1001)).toBe(end - MINUTE)
    expect(lastClosedEnd(late, end - 1000)).toBe(end)
  })
})

test('panes and window ends agree with a search over all windows', () => {
  const whole = (max: number) => fc.integer({ min: 1, max }).map((ms) => ms * 1000)
  const anyTime = fc.integer({ min: -100_000_000, max: 100_000_000 })
  fc.assert(
    fc.property(
      whole(60),
      whole(60),
      fc.integer({ min: -90, max: 90 }),
      anyTime,
      anyTime,
      (a, b, shift, time, watermark) => {
        const [slide, size] = a < b ? [a, b] : [b, a]
        const offset = shift * 1000
        const frame = windowFrame({ size, slide, offset })
        const ends: number[] = []
        const first = Math.floor((time - offset) / slide) * slide + offset
        for (let start = first; start > time - size; start -= slide) ends.unshift(start + size)
        const pane = paneStart(frame, time)
        expect(pane).toBeLessThanOrEqual(time)
        expect(pane + frame.pane).toBeGreaterThan(time)
        expect(firstWindowEnd(frame, pane)).toBe(ends[0])
        expect(lastWindowEnd(frame, pane)).toBe(ends.at(-1))
        const open = ends.find((end) => watermark < end - 1000)
        const found = firstOpenEnd(frame, ends[0] ?? 0, watermark)
        if (open === undefined) expect(found).toBeGreaterThan(ends.at(-1) ?? 0)
        else expect(found).toBe(open)
      },
    ),
  )
})

test('before any watermark nothing is closed, and the final one closes all', () => {
  const frame = windowFrame({ size: MINUTE, slide: MINUTE })
  expect(firstOpenEnd(frame, MINUTE, Number.NEGATIVE_INFINITY)).toBe(MINUTE)
  expect(firstOpenEnd(frame, MINUTE, Number.POSITIVE_INFINITY)).toBe(Number.POSITIVE_INFINITY)
})

test('arithmetic is exact to the year 2255', () => {
  const frame = windowFrame({ size: 3000, slide: 1000 })
  const time = Math.floor(Number.MAX_SAFE_INTEGER / 1000) * 1000 - 10_000
  expect(paneStart(frame, time - 1)).toBe(time - 1000)
  expect(paneStart(frame, time)).toBe(time)
})

test.each<[string, WindowOptions, RegExp]>([
  ['no size', { size: 0, slide: 0 }, /WINDOW_INVALID.*slide|WINDOW_INVALID.*size/],
  ['a part of a millisecond', { size: 1500, slide: 1500 }, /WINDOW_INVALID.*size.*1500/],
  ['a slide above the size', { size: MINUTE, slide: 2 * MINUTE }, /WINDOW_INVALID.*slide/],
  ['not a number', { size: Number.NaN, slide: 1000 }, /WINDOW_INVALID.*size/],
  ['too many panes', { size: 1000 * MINUTE, slide: 1000 * MINUTE - 1000 }, /WINDOW_INVALID.*panes/],
  ['less than no lateness', { size: 1000, slide: 1000, allowedLateness: -1000 }, /allowedLateness/],
])('%s is refused by name', (_name, options, message) => {
  expect(() => windowFrame(options)).toThrow(message)
})
