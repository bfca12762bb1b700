// Points in time as ISO 8601 text in UTC, in the format of JSON rows.
import { ByteWriter } from '../batch/index.ts'
import { writeTimestamp } from './date-time.ts'

const decoder = new TextDecoder()

/** The text of epoch microseconds; null for none and for infinities. */
export function timeText(micros: number | null | undefined): string | null {
  if (micros === null || micros === undefined || !Number.isFinite(micros)) return null
  const out = new ByteWriter(32)
  writeTimestamp(micros, out)
  return decoder.decode(out.view())
}
