import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { tableHistory } from '../../../connectors/delta/index.ts'
import { Change, recordBatch } from '../../../engine/batch/index.ts'
import { int64, schema, string } from '../../../engine/schema/index.ts'
import {
  allRows,
  batchOf,
  everyType,
  everyTypeRows,
  fixedClock,
  orderRows,
  orders,
  permitFor,
  prepared,
  sinkOn,
  temporaryLake,
} from './lake-fixture.ts'

function logLines(lake: string, table: string, version: number): Record<string, unknown>[] {
  const name = `${String(version).padStart(20, '0')}.json`
  const text = readFileSync(join(lake, table, '_delta_log', name), 'utf8')
  return text
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line))
}

function dataFiles(lake: string, table: string): string[] {
  return readdirSync(join(lake, table)).filter((name) => name.endsWith('.parquet'))
}

describe('rows of every type', () => {
  test('come back as they were written, to the last digit', async () => {
    const lake = temporaryLake()
    const sink = sinkOn(lake, { table: 'types', schema: everyType })
    const committable = await prepared(sink, 1, everyTypeRows, everyType)
    await sink.deliver(committable, permitFor(1))
    const rows = await allRows(lake, 'types')
    expect(rows).toEqual(everyTypeRows)
    expect(Object.is(rows[0]?.ratio, -0)).toBe(true)
  })

  test('carry the partition and offset of their source where asked', async () => {
    const lake = temporaryLake()
    const sink = sinkOn(lake, { positions: true })
    const plain = batchOf(orders, orderRows(0, 3))
    sink.write(
      recordBatch({ ...plain, source: { partition: 7, offsets: Float64Array.of(4, 5, 9) } }),
    )
    sink.write(plain)
    const committable = await sink.prepare(1)
    await sink.deliver(committable ?? new Uint8Array(), permitFor(1))
    const rows = await allRows(lake, 'orders')
    expect(rows.map((row) => [row._partition, row._offset])).toEqual([
      [7, 4n],
      [7, 5n],
      [7, 9n],
      [null, null],
      [null, null],
      [null, null],
    ])
  })
})

describe('the log', () => {
  test('begins with the commit, the protocol and the metadata of the table', async () => {
    const lake = temporaryLake()
    const sink = sinkOn(lake, { clock: fixedClock(1_700_000_000_000) })
    await sink.deliver(await prepared(sink, 4, orderRows(0, 2)), permitFor(4))
    const [info, protocol, metaData, txn, add, ...rest] = logLines(lake, 'orders', 0)
    expect(rest).toEqual([])
    expect(info).toMatchObject({ commitInfo: { inCommitTimestamp: 1_700_000_000_000 } })
    expect(protocol).toEqual({
      protocol: {
        minReaderVersion: 1,
        minWriterVersion: 7,
        writerFeatures: ['appendOnly', 'invariants', 'inCommitTimestamp'],
      },
    })
    expect(metaData).toMatchObject({
      metaData: {
        partitionColumns: [],
        configuration: { 'delta.enableInCommitTimestamps': 'true' },
        schemaString: JSON.stringify({
          type: 'struct',
          fields: [
            { name: 'order_id', type: 'string', nullable: false, metadata: {} },
            { name: 'total', type: 'decimal(10,2)', nullable: false, metadata: {} },
          ],
        }),
      },
    })
    expect(txn).toMatchObject({ txn: { appId: 'shop/l1/orders/0', version: 4 } })
    expect(add).toMatchObject({ add: { path: dataFiles(lake, 'orders')[0], dataChange: true } })
  })

  test('has strictly rising times even when the clock stands or falls', async () => {
    const lake = temporaryLake()
    const clock = fixedClock(1_700_000_000_000)
    const sink = sinkOn(lake, { clock })
    for (let epoch = 1; epoch <= 4; epoch++) {
      await sink.deliver(await prepared(sink, epoch, orderRows(epoch, epoch + 1)), permitFor(epoch))
      if (epoch === 2) clock.nowMs -= 5000
    }
    const times: number[] = []
    for await (const version of tableHistory(lake, 'orders')) times.push(version.timeMicros / 1000)
    expect(times).toEqual([0, 1, 2, 3].map((i) => 1_700_000_000_000 + i))
  })

  test('gets no commit for an epoch without rows', async () => {
    const sink = sinkOn(temporaryLake())
    expect(await sink.prepare(1)).toBeUndefined()
  })
})

describe('a delivery', () => {
  test('that is repeated, by the same or another process, adds nothing', async () => {
    const lake = temporaryLake()
    const sink = sinkOn(lake)
    const first = await prepared(sink, 1, orderRows(0, 5))
    await sink.deliver(first, permitFor(1))
    await sink.deliver(first, permitFor(1))
    const second = await prepared(sink, 2, orderRows(5, 7))
    await sink.deliver(second, permitFor(2))
    const other = sinkOn(lake, { slot: 3, term: 2 })
    await other.deliver(first, permitFor(1))
    await other.deliver(second, permitFor(2))
    expect(await allRows(lake, 'orders')).toEqual(orderRows(0, 7))
  })

  test('with an unknown outcome is settled by looking for its transaction', async () => {
    const lake = temporaryLake()
    let isBroken = true
    const sink = sinkOn(lake, {
      hook: (step) => {
        if (step === 'delta.linked' && isBroken) throw new Error('the disk went away')
      },
    })
    const committable = await prepared(sink, 1, orderRows(0, 3))
    await expect(sink.deliver(committable, permitFor(1))).rejects.toThrow(/STORAGE.*disk went away/)
    isBroken = false
    await sink.deliver(committable, permitFor(1))
    expect(await allRows(lake, 'orders')).toEqual(orderRows(0, 3))
  })

  test('is refused when the table has that epoch of another history', async () => {
    const lake = temporaryLake()
    const sink = sinkOn(lake)
    await sink.deliver(await prepared(sink, 1, orderRows(0, 3)), permitFor(1))
    await sink.deliver(await prepared(sink, 2, orderRows(3, 4)), permitFor(2))
    const twin = sinkOn(lake, { term: 9 })
    for (const epoch of [1, 2]) {
      const foreign = await prepared(twin, epoch, orderRows(50, 52))
      await expect(twin.deliver(foreign, permitFor(epoch))).rejects.toThrow('LAKE_FOREIGN_EPOCH')
    }
    expect(await allRows(lake, 'orders')).toEqual(orderRows(0, 4))
  })

  test('is refused when the table skipped that epoch', async () => {
    const lake = temporaryLake()
    const sink = sinkOn(lake)
    const first = await prepared(sink, 1, orderRows(0, 1))
    const second = await prepared(sink, 2, orderRows(1, 2))
    await sink.deliver(second, permitFor(2))
    await expect(sink.deliver(first, permitFor(1))).rejects.toThrow('LAKE_FOREIGN_EPOCH')
  })

  test('is refused when a file of it is gone', async () => {
    const lake = temporaryLake()
    const sink = sinkOn(lake)
    const committable = await prepared(sink, 1, orderRows(0, 3))
    for (const name of dataFiles(lake, 'orders')) writeFileSync(join(lake, 'orders', name), '')
    await expect(sink.deliver(committable, permitFor(1))).rejects.toThrow('LAKE_FILE_LOST')
  })

  test('from damaged bytes is refused, whichever bit is flipped', async () => {
    const lake = temporaryLake()
    const sink = sinkOn(lake)
    const committable = await prepared(sink, 1, orderRows(0, 3))
    for (let i = 0; i < committable.length; i++) {
      const damaged = committable.slice()
      damaged[i]! ^= 1 << (i % 8)
      await expect(sink.deliver(damaged, permitFor(1))).rejects.toThrow('COMMITTABLE_CORRUPT')
    }
    expect(dataFiles(lake, 'orders')).toHaveLength(1)
  })
})

describe('a table with other columns', () => {
  test('refuses the epoch before it is decided, and names the columns', async () => {
    const lake = temporaryLake()
    const sink = sinkOn(lake)
    await sink.deliver(await prepared(sink, 1, orderRows(0, 3)), permitFor(1))
    const other = schema({ order_id: int64(), note: string() })
    const wrong = sinkOn(lake, { schema: other, slot: 1 })
    wrong.write(batchOf(other, [{ order_id: 1n, note: 'x' }]))
    await expect(wrong.prepare(1)).rejects.toThrow(
      'LAKE_SCHEMA: the rows do not fit the lake table orders; ' +
        'expected the columns of the table, by name and type; ' +
        'found "order_id" is int64, in the table string; ' +
        '"note" is not in the table; "total" is only in the table',
    )
  })

  test('takes the same columns in another order', async () => {
    const lake = temporaryLake()
    const sink = sinkOn(lake)
    await sink.deliver(await prepared(sink, 1, orderRows(0, 3)), permitFor(1))
    const turned = { fields: [...orders.fields].reverse() }
    const other = sinkOn(lake, { schema: turned, slot: 1 })
    await other.deliver(await prepared(other, 1, orderRows(3, 5), turned), permitFor(1, 1))
    expect(await allRows(lake, 'orders')).toEqual(orderRows(0, 5))
  })

  test('is not the place for updates and deletes', () => {
    const sink = sinkOn(temporaryLake())
    const rows = batchOf(orders, orderRows(0, 2))
    const changes = Uint8Array.of(Change.insert, Change.updateAfter)
    expect(() => sink.write(recordBatch({ ...rows, changes }))).toThrow('LAKE_APPEND_ONLY')
  })
})

describe('a large epoch', () => {
  test('becomes several files, all in one commit, and asks the loop to wait', async () => {
    const lake = temporaryLake()
    const bounds = { fileRows: 5000, chunkRows: 1000, filesInFlight: 1 }
    const sink = sinkOn(lake, { bounds })
    sink.write(batchOf(orders, orderRows(0, 1000)))
    expect(sink.ready()).toBeUndefined()
    for (let i = 1; i < 12; i++) sink.write(batchOf(orders, orderRows(i * 1000, i * 1000 + 1000)))
    await expect(sink.ready()).resolves.toBeUndefined()
    const committable = await sink.prepare(1)
    expect(dataFiles(lake, 'orders')).toHaveLength(3)
    await sink.deliver(committable ?? new Uint8Array(), permitFor(1))
    expect(logLines(lake, 'orders', 0).filter((line) => 'add' in line)).toHaveLength(3)
    expect(await allRows(lake, 'orders')).toEqual(orderRows(0, 12_000))
  })
})

describe('a sweep', () => {
  test('removes what no commit and no kept committable names, and nothing else', async () => {
    const lake = temporaryLake()
    const sink = sinkOn(lake)
    await sink.deliver(await prepared(sink, 1, orderRows(0, 3)), permitFor(1))
    const undelivered = await prepared(sink, 2, orderRows(3, 5))
    await prepared(sink, 3, orderRows(90, 91))
    const neighbour = sinkOn(lake, { slot: 1 })
    const foreign = await prepared(neighbour, 1, orderRows(5, 6))
    writeFileSync(join(lake, 'orders', 'notes.parquet'), 'not ours')
    expect(dataFiles(lake, 'orders')).toHaveLength(5)

    const recovered = sinkOn(lake, { term: 2 })
    await recovered.sweep([undelivered])
    expect(dataFiles(lake, 'orders')).toHaveLength(4)
    await recovered.sweep([undelivered])
    expect(dataFiles(lake, 'orders')).toHaveLength(4)
    await recovered.deliver(undelivered, permitFor(2))
    await neighbour.deliver(foreign, permitFor(1, 1))
    await recovered.sweep([])
    expect(await allRows(lake, 'orders')).toEqual(orderRows(0, 6))
  })

  test('spares the files that its own sink has prepared or is writing', async () => {
    const lake = temporaryLake()
    const sink = sinkOn(lake, { bounds: { fileRows: 100, chunkRows: 100 } })
    const committable = await prepared(sink, 1, orderRows(0, 3))
    for (let i = 0; i < 5; i++) sink.write(batchOf(orders, orderRows(3 + i * 100, 103 + i * 100)))
    await sink.sweep([])
    await sink.deliver(committable, permitFor(1))
    const next = await sink.prepare(2)
    await sink.sweep([])
    await sink.deliver(next ?? new Uint8Array(), permitFor(2))
    expect(await allRows(lake, 'orders')).toEqual(orderRows(0, 503))
  })
})
