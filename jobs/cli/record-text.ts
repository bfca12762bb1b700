// Records of topics as people and programs read them. Values are shown as they were written; nothing
// is guessed about a schema.
import { decode } from '@msgpack/msgpack'
import type { TopicFormat, TopicRecord } from '../../connectors/log/index.ts'
import { timeText } from '../../engine/json/index.ts'

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

/** One JSON object; `value` is JSON as it stands, `valueBytes` what is no JSON. */
export function recordJson(topic: string, record: TopicRecord, format: TopicFormat): string {
  const { partition, offset, op, origin } = record
  const facts = JSON.stringify({
    topic,
    partition,
    offset,
    op,
    key: record.key === undefined ? null : keyText(record.key),
    eventTime: timeText(record.eventTime),
    appendTime: timeText(record.appendTime),
    epoch: origin?.epoch ?? null,
  })
  const value = valueJson(record.value, format)
  const bytes = record.value ?? new Uint8Array()
  const member =
    value === undefined
      ? `"value":null,"valueBytes":${JSON.stringify(base64(bytes))}`
      : `"value":${value}`
  return `${facts.slice(0, -1)},${member}}`
}

/** `0/15`, time, key, value. */
export function recordCells(record: TopicRecord, format: TopicFormat): string[] {
  const { partition, offset, op } = record
  const time = timeText(record.eventTime ?? record.appendTime) ?? '-'
  const key = record.key === undefined ? '-' : keyText(record.key)
  const value =
    valueJson(record.value, format) ?? `base64:${base64(record.value ?? new Uint8Array())}`
  return [`${partition}/${offset}`, time, op, key, value]
}

/** A key that is text as text, any other as hexadecimal digits. */
export function keyText(key: Uint8Array): string {
  const text = textOf(key)
  // biome-ignore lint/suspicious/noControlCharactersInRegex: keys with them are not text
  if (text !== undefined && !/[\u0000-\u001f]/.test(text)) return text
  return `0x${Buffer.from(key).toString('hex')}`
}

/** JSON text of one line, or undefined for bytes that are none. */
function valueJson(value: Uint8Array | undefined, format: TopicFormat): string | undefined {
  if (value === undefined) return 'null'
  try {
    if (format === 'msgpack') return JSON.stringify(decode(value, { useBigInt64: true }), plain)
    const text = textOf(value)
    if (text === undefined) return undefined
    JSON.parse(text)
    return text.replaceAll(/[\r\n]+/g, ' ')
  } catch {
    return undefined
  }
}

function plain(_: string, value: unknown): unknown {
  if (typeof value === 'bigint') {
    const number = Number(value)
    return Number.isSafeInteger(number) ? number : value.toString()
  }
  return value instanceof Uint8Array ? base64(value) : value
}

function textOf(bytes: Uint8Array): string | undefined {
  try {
    return utf8.decode(bytes)
  } catch {
    return undefined
  }
}

function base64(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('base64')
}
