// A lake in a temporary folder, sinks on it, and rows of every type. For the tests of this folder.
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach } from 'vitest'
import {
  DeltaSink,
  type DeltaSinkOptions,
  readTable,
  tableFolder,
} from '../../../connectors/delta/index.ts'
import { batchOfRows } from '../../../engine/batch/index.ts'
import { type Clock, systemClock } from '../../../engine/clock.ts'
import {
  bool,
  bytes,
  date,
  decimal,
  float64,
  int32,
  int64,
  list,
  type Schema,
  schema,
  string,
  struct,
  timestamp,
} from '../../../engine/schema/index.ts'

export const everyType = schema({
  id: int32(),
  flag: bool().nullable(),
  small: int32().nullable(),
  big: int64().nullable(),
  ratio: float64().nullable(),
  money: decimal(10, 2).nullable(),
  huge: decimal(38, 18).nullable(),
  name: string().nullable(),
  raw: bytes().nullable(),
  at: timestamp().nullable(),
  day: date().nullable(),
  tags: list(string().nullable()).nullable(),
  place: struct({ city: string(), lat: float64().nullable() }).nullable(),
})

export const everyTypeRows: Record<string, unknown>[] = [
  {
    id: 1,
    flag: true,
    small: -2147483648,
    big: 9223372036854775807n,
    ratio: -0,
    money: '12345678.99',
    huge: '12345678901234567890.123456789012345678',
    name: 'Łódź 🍕',
    raw: Uint8Array.of(0, 255, 1),
    at: 1704499200123456,
    day: 19728,
    tags: ['a', null, ''],
    place: { city: 'Oslo', lat: 59.9 },
  },
  {
    id: 2,
    flag: false,
    small: 2147483647,
    big: -9223372036854775808n,
    ratio: Number.NaN,
    money: '-0.01',
    huge: '-0.000000000000000001',
    name: '',
    raw: new Uint8Array(0),
    at: -1,
    day: -25567,
    tags: [],
    place: { city: '', lat: null },
  },
  {
    id: 3,
    flag: null,
    small: null,
    big: null,
    ratio: null,
    money: null,
    huge: null,
    name: null,
    raw: null,
    at: null,
    day: null,
    tags: null,
    place: null,
  },
]

export const orders = schema({ order_id: string(), total: decimal(10, 2) })

export function orderRows(from: number, to: number): Record<string, unknown>[] {
  return Array.from({ length: to - from }, (_, i) => ({
    order_id: `o${from + i}`,
    total: `${from + i}.50`,
  }))
}

export function batchOf(of: Schema<unknown>, rows: readonly Record<string, unknown>[]) {
  const times = rows.map((_, i) => i)
  return batchOfRows(of, rows, { eventTimes: times, watermarksBefore: times })
}

/** A clock that stands still until the test moves it. */
export function fixedClock(startMs: number): Clock & { nowMs: number } {
  const clock = { ...systemClock, nowMs: startMs, nowMicros: () => clock.nowMs * 1000 }
  return clock
}

const open: DeltaSink[] = []
const folders: string[] = []

afterEach(async () => {
  for (const sink of open.splice(0)) await sink.close()
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true })
})

export function temporaryLake(): string {
  const folder = mkdtempSync(join(tmpdir(), 'millrace-lake-'))
  folders.push(folder)
  return folder
}

export function sinkOn(lake: string, options: Partial<DeltaSinkOptions> = {}): DeltaSink {
  const table = options.table ?? 'orders'
  const sink = new DeltaSink({
    folder: tableFolder(lake, table),
    table,
    schema: orders,
    job: 'shop',
    lineage: 'l1',
    sink: table,
    slot: 0,
    term: 1,
    clock: systemClock,
    ...options,
  })
  open.push(sink)
  return sink
}

export function permitFor(epoch: number, slot = 0, lineage = 'l1') {
  return { slot, term: 1, epoch, lineage }
}

/** Writes rows, prepares and returns the committable. */
export async function prepared(
  sink: DeltaSink,
  epoch: number,
  rows: readonly Record<string, unknown>[],
  of: Schema<unknown> = orders,
): Promise<Uint8Array> {
  for (let i = 0; i < rows.length; i += 1000) sink.write(batchOf(of, rows.slice(i, i + 1000)))
  const committable = await sink.prepare(epoch)
  if (committable === undefined) throw new Error('nothing was prepared')
  return committable
}

export async function allRows(lake: string, name: string, version?: number) {
  const rows: Record<string, unknown>[] = []
  for await (const row of readTable(lake, name, version === undefined ? {} : { version })) {
    rows.push(row)
  }
  return rows
}
