// LIKE on UTF-8 bytes: `%` is any text, `_` one code point, `\` takes the next character
// literally. One pass with a single point of return (the last `%`), so the cost is at most length
// × pattern.
import type { TextTest } from './text-lanes.ts'

const ANY_TEXT = -1
const ANY_CODE_POINT = -2

const encoder = new TextEncoder()

/** A test for the whole value against the pattern. */
export function likeTest(pattern: string): TextTest {
  const steps = likeSteps(pattern)
  return (bytes, start, end) => matches(steps, bytes, start, end)
}

/** Bytes to match, and the two wildcards as negative numbers. */
function likeSteps(pattern: string): Int32Array {
  const steps: number[] = []
  let isLiteral = false
  for (const character of pattern) {
    if (isLiteral) steps.push(...encoder.encode(character))
    else if (character === '%') steps.push(ANY_TEXT)
    else if (character === '_') steps.push(ANY_CODE_POINT)
    else if (character !== '\\') steps.push(...encoder.encode(character))
    isLiteral = !isLiteral && character === '\\'
  }
  return Int32Array.from(steps)
}

function matches(steps: Int32Array, bytes: Uint8Array, start: number, end: number): boolean {
  let at = start
  let step = 0
  let returnStep = -1
  let returnAt = start
  while (at < end) {
    const wanted = step < steps.length ? steps[step]! : 0x100
    if (wanted === ANY_TEXT) {
      returnStep = ++step
      returnAt = at
    } else if (wanted === ANY_CODE_POINT) {
      at += codePointBytes(bytes[at]!)
      step++
    } else if (wanted === bytes[at]!) {
      at++
      step++
    } else if (returnStep >= 0) {
      returnAt += codePointBytes(bytes[returnAt]!)
      at = returnAt
      step = returnStep
    } else {
      return false
    }
  }
  while (step < steps.length && steps[step]! === ANY_TEXT) step++
  return step === steps.length
}

function codePointBytes(lead: number): number {
  if (lead < 0x80) return 1
  if (lead < 0xe0) return 2
  return lead < 0xf0 ? 3 : 4
}
