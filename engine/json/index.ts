// JSON in and out, columnar; and the text of dates, times and base64 that other formats share.
export { decodeBase64, encodeBase64 } from './base64.ts'
export { ColumnBuffer } from './column-buffer.ts'
export {
  daysInMonth,
  daysOf,
  parseDate,
  parseTimestamp,
  writeDate,
  writeTimestamp,
} from './date-time.ts'
export type { DecodeFault, DecodeFaultCode, DecodePolicies } from './decode-policies.ts'
export { missingReason, namesOf } from './field-names.ts'
export { jsonDecoder } from './json-reader.ts'
export { JsonWriter, type JsonWriterOptions } from './json-writer.ts'
export { timeText } from './time-text.ts'
