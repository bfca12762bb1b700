// The decoder as a user of lines and of topic records meets it: offsets, batches, policies, reasons.
import { describe, expect, test } from 'vitest'
import { recordBatch, rowsOf } from '../../../engine/batch/index.ts'
import type { SourceRecords } from '../../../engine/connector.ts'
import { type DecodePolicies, jsonDecoder } from '../../../engine/json/index.ts'
import {
  decimal,
  int64,
  type Schema,
  schema,
  string,
  timestamp,
} from '../../../engine/schema/index.ts'

const encoder = new TextEncoder()

const orders = schema({
  order_id: string(),
  user_id: string(),
  order_total: decimal(10, 2),
  event_time: timestamp({ unit: 'ms' }),
  note: string().nullable(),
})

function rows(of: Schema<unknown>, records: SourceRecords): Record<string, unknown>[] {
  const times = new Float64Array(records.length)
  return rowsOf(
    recordBatch({
      schema: of,
      columns: records.columns,
      eventTimes: times,
      watermarksBefore: times,
    }),
  )
}

function decode(of: Schema<unknown>, lines: string, policies: DecodePolicies = {}) {
  const bytes = encoder.encode(lines)
  const { records, consumed } = jsonDecoder(of, policies).decodeLines(
    bytes,
    0,
    bytes.length,
    0,
    true,
  )
  expect(consumed).toBe(bytes.length)
  return { ...records, rows: rows(of, records) }
}

const line = (i: number) =>
  `{"order_id":"o-${i}","user_id":"u${i % 7}","order_total":${i}.50,"event_time":${1_700_000_000_000 + i}}\n`

describe('decodeLines', () => {
  test('reads lines into rows, the first exactly and the rest on the learned layout', () => {
    const found = decode(orders, [1, 2, 3].map(line).join(''))
    expect(found.rejected).toEqual([])
    expect(found.rows).toEqual(
      [1, 2, 3].map((i) => ({
        order_id: `o-${i}`,
        user_id: `u${i}`,
        order_total: `${i}.50`,
        event_time: (1_700_000_000_000 + i) * 1000,
        note: null,
      })),
    )
    expect(found.nextOffset).toBe(3)
    expect([...found.offsets]).toEqual([0, 1, 2])
  })

  test('names a renamed field together with its new name', () => {
    const found = decode(
      orders,
      '{"order_id":"a","user_id":"b","total_amount":3,"event_time":1700000000000}\n',
    )
    expect(found.rejected.map(({ code, reason }) => [code, reason])).toEqual([
      [
        'FIELD_MISSING',
        'field "order_total" is missing; the record has unknown field "total_amount" — was it renamed?',
      ],
    ])
  })

  test('keeps integers beyond 2^53 exact', () => {
    const found = decode(
      schema({ id: int64() }),
      '{"id":9223372036854775807}\n{"id":9007199254740993}\n{"id":"-12"}\n',
    )
    expect(found.rows.map((row) => row.id)).toEqual([9223372036854775807n, 9007199254740993n, -12n])
  })
})
