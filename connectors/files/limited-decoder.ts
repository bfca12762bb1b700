// limitedDecoder: gives a decoder at most so many lines at once, so that tests can choose how a file
// is cut into batches. Lines end at newlines (JSON lines); results never depend on where they are cut.
import type { RecordDecoder } from '../../engine/connector.ts'

const NEWLINE = 10

/** @param lines at most so many lines a call, ≥ 1 */
export function limitedDecoder(decoder: RecordDecoder, lines: number): RecordDecoder {
  return {
    schema: decoder.schema,
    decodeRecords: (bytes, starts, ends, offsets, appendTimes) =>
      decoder.decodeRecords(bytes, starts, ends, offsets, appendTimes),
    decodeLines(bytes, start, end, firstOffset, isLast) {
      const limit = endOfLines(bytes, start, end, lines)
      return decoder.decodeLines(bytes, start, limit, firstOffset, isLast && limit === end)
    },
  }
}

/** Behind the newline of line `lines` from `start` on, or `end` where there are fewer. */
function endOfLines(bytes: Uint8Array, start: number, end: number, lines: number): number {
  let at = start
  for (let left = lines; left > 0 && at < end; left--) {
    const newline = bytes.indexOf(NEWLINE, at)
    if (newline < 0 || newline >= end) return end
    at = newline + 1
  }
  return at
}
