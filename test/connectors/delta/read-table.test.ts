import { cpSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, test } from 'vitest'
import {
  listTables,
  openTable,
  readTable,
  tableFolder,
  tableHistory,
} from '../../../connectors/delta/index.ts'
import {
  allRows,
  fixedClock,
  orderRows,
  permitFor,
  prepared,
  sinkOn,
  temporaryLake,
} from './lake-fixture.ts'

const start = 1_704_499_200_000
const minute = 60_000

/** Three commits of ten rows at 0, 20 and 40 minutes. */
async function lakeOfThree(): Promise<string> {
  const lake = temporaryLake()
  const clock = fixedClock(start)
  const sink = sinkOn(lake, { clock })
  for (let epoch = 1; epoch <= 3; epoch++) {
    const from = (epoch - 1) * 10
    await sink.deliver(await prepared(sink, epoch, orderRows(from, from + 10)), permitFor(epoch))
    clock.nowMs += 20 * minute
  }
  return lake
}

const at = (ms: number) => ({ asOfMicros: (start + ms) * 1000 })

describe('a table as of a time', () => {
  test('has the rows of the last commit at or before it', async () => {
    const lake = await lakeOfThree()
    const versionAt = async (ms: number) => (await openTable(lake, 'orders', at(ms))).version
    expect(await versionAt(0)).toBe(0)
    expect(await versionAt(10 * minute)).toBe(0)
    expect(await versionAt(20 * minute - 1)).toBe(0)
    expect(await versionAt(20 * minute)).toBe(1)
    expect(await versionAt(40 * minute)).toBe(2)
  })

  test('before the first or after the last commit is an error that names that commit', async () => {
    const lake = await lakeOfThree()
    await expect(openTable(lake, 'orders', at(-1))).rejects.toThrow(
      /LAKE_TIME_TOO_EARLY.*expected 2024-01-06T00:00:00.000Z or later/,
    )
    await expect(openTable(lake, 'orders', at(50 * minute))).rejects.toThrow(
      /LAKE_TIME_TOO_LATE.*expected 2024-01-06T00:40:00.000Z or earlier/,
    )
  })

  test('does not depend on the modification times of files', async () => {
    const lake = await lakeOfThree()
    const copy = temporaryLake()
    cpSync(join(lake, 'orders'), join(copy, 'orders'), { recursive: true })
    expect((await openTable(copy, 'orders', at(30 * minute))).version).toBe(1)
  })
})

describe('a table as of a version', () => {
  test('has the rows of that version', async () => {
    const lake = await lakeOfThree()
    for (const version of [0, 1, 2]) {
      expect(await allRows(lake, 'orders', version)).toEqual(orderRows(0, 10 * (version + 1)))
      expect((await openTable(lake, 'orders', { version })).rows).toBe(10 * (version + 1))
    }
  })

  test('that does not exist is an error that names the versions there are', async () => {
    const lake = await lakeOfThree()
    await expect(allRows(lake, 'orders', 3)).rejects.toThrow(/LAKE_VERSION_MISSING.*from 0 to 2/)
  })
})

describe('a lake', () => {
  test('lists its tables, also nested ones', async () => {
    const lake = temporaryLake()
    for (const table of ['raw/orders', 'features/user_fraud_5m', 'late']) {
      const sink = sinkOn(lake, { table })
      await sink.deliver(await prepared(sink, 1, orderRows(0, 1)), permitFor(1))
    }
    mkdirSync(join(lake, 'empty', '_delta_log'), { recursive: true })
    expect(await listTables(lake)).toEqual(['features/user_fraud_5m', 'late', 'raw/orders'])
    expect(await listTables(join(lake, 'nowhere'))).toEqual([])
  })

  test('names its tables when one is asked for that is not there', async () => {
    const lake = await lakeOfThree()
    const history = async () => {
      for await (const _ of tableHistory(lake, 'ordres')) return
    }
    await expect(history()).rejects.toThrow(/LAKE_TABLE_MISSING.*one of orders/)
    await expect(openTable(lake, 'ordres')).rejects.toThrow(/LAKE_TABLE_MISSING.*one of orders/)
  })

  test('tells what each version of a table did', async () => {
    const lake = await lakeOfThree()
    const versions = []
    for await (const version of tableHistory(lake, 'orders')) versions.push(version)
    expect(versions).toHaveLength(3)
    expect(versions[1]).toEqual({
      version: 1,
      timeMicros: (start + 20 * minute) * 1000,
      operation: 'STREAMING UPDATE',
      addedFiles: 1,
      removedFiles: 0,
      addedRows: 10,
      appId: 'shop/l1/orders/0',
      epoch: 2,
    })
  })

  test('takes only plain relative names', () => {
    expect(tableFolder('/lake', 'features/user_fraud_5m')).toBe('/lake/features/user_fraud_5m')
    for (const name of [
      '',
      '/a',
      '../a',
      'a/../b',
      'a//b',
      'a b',
      '.hidden',
      '_delta_log',
      'a\\b',
    ]) {
      expect(() => tableFolder('/lake', name)).toThrow('LAKE_TABLE_NAME')
    }
  })
})

describe('a damaged table is refused', () => {
  const log = (lake: string, version: number) =>
    join(lake, 'orders', '_delta_log', `${String(version).padStart(20, '0')}.json`)

  test('when a version is missing', async () => {
    for (const version of [0, 1]) {
      const lake = await lakeOfThree()
      rmSync(log(lake, version))
      await expect(allRows(lake, 'orders')).rejects.toThrow(`expected version ${version}`)
    }
  })

  test('when a commit is cut, wherever a line is not whole', async () => {
    const lake = await lakeOfThree()
    const text = readFileSync(log(lake, 1), 'utf8')
    for (let end = 0; end < text.length - 1; end += 37) {
      if (text[end - 1] === '\n' || text[end] === '\n') continue
      writeFileSync(log(lake, 1), text.slice(0, end))
      await expect(allRows(lake, 'orders')).rejects.toThrow('DELTA_LOG_CORRUPT')
    }
  })

  test('when a commit has two metadata, or the first none', async () => {
    const lake = await lakeOfThree()
    const lines = readFileSync(log(lake, 0), 'utf8').trimEnd().split('\n')
    const metadata = lines.filter((line) => line.startsWith('{"metaData"'))
    writeFileSync(log(lake, 0), [...lines, ...metadata].join('\n'))
    await expect(allRows(lake, 'orders')).rejects.toThrow(/at most one metaData/)
    writeFileSync(log(lake, 0), lines.filter((line) => !metadata.includes(line)).join('\n'))
    await expect(allRows(lake, 'orders')).rejects.toThrow(/DELTA_LOG_CORRUPT.*no metaData/)
  })

  test('when a data file is gone', async () => {
    const lake = await lakeOfThree()
    const { files } = await openTable(lake, 'orders')
    rmSync(join(lake, 'orders', files[1]?.path ?? ''))
    await expect(allRows(lake, 'orders')).rejects.toThrow('LAKE_FILE_LOST')
  })

  test('when it needs a reader or writer feature that is not known here', async () => {
    const lake = await lakeOfThree()
    const text = readFileSync(log(lake, 0), 'utf8')
    const reader = '"minReaderVersion":3,"readerFeatures":["deletionVectors"]'
    writeFileSync(log(lake, 0), text.replace('"minReaderVersion":1', reader))
    await expect(allRows(lake, 'orders')).rejects.toThrow(/DELTA_UNSUPPORTED.*deletionVectors/)
    writeFileSync(log(lake, 0), text.replace('"appendOnly"', '"rowTracking"'))
    expect(await allRows(lake, 'orders')).toHaveLength(30)
    const sink = sinkOn(lake, { slot: 1 })
    await expect(prepared(sink, 1, orderRows(0, 1))).rejects.toThrow(
      /DELTA_UNSUPPORTED.*rowTracking/,
    )
  })
})

const shared = join(dirname(fileURLToPath(import.meta.url)), '../../../../shared')
const foreign = join(shared, 'golden/delta-foreign')

describe.skipIf(!existsSync(foreign))('tables that others wrote', () => {
  interface Expected {
    readonly versions: readonly { readonly version: number; readonly count: number }[]
  }

  for (const name of ['rs_basic', 'spark_basic', 'rs_txn', 'spark_txn', 'spark_time_travel']) {
    test(`${name} has as many rows in every version as its writer says`, async () => {
      const expected: Expected = JSON.parse(
        readFileSync(join(foreign, name, 'expected.json'), 'utf8'),
      )
      expect(expected.versions.length).toBeGreaterThan(1)
      for (const { version, count } of expected.versions) {
        let rows = 0
        for await (const _ of readTable(join(foreign, name), 'delta', { version })) rows++
        expect(rows).toBe(count)
      }
    })
  }

  for (const [name, feature] of [
    ['spark_deletion_vectors', 'deletionVectors'],
    ['spark_schema_evolution', 'columnMapping'],
  ] as const) {
    test(`${name} is refused, and the feature named`, async () => {
      await expect(openTable(join(foreign, name), 'delta')).rejects.toThrow(feature)
    })
  }
})
