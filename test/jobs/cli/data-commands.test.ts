// The commands that look at what a run left: one real bounded run, read by all of them.

import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { CommanderError } from 'commander'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { asOf } from '../../../jobs/cli/lake-command.ts'
import { fillData, jobFile, millrace, orderLines, run, runJob, TestIo } from './cli-fixture.ts'

const data = mkdtempSync(join(tmpdir(), 'millrace-cli-'))
const TIMEOUT_MS = 120_000

beforeAll(() => fillData(data), TIMEOUT_MS)
afterAll(() => rmSync(data, { recursive: true, force: true }))

const on = (...args: readonly string[]) => millrace([...args, '--data', data])
const rowsOf = async (...args: readonly string[]) => (await on(...args, '--json')).rows()

describe('lake', () => {
  test('ls lists the tables', async () => {
    const tables = await rowsOf('lake', 'ls')
    expect(tables.map(({ table, rows }) => [table, rows])).toContainEqual(['totals', 3])
    expect((await on('lake', 'ls')).out).toMatch(/^table +version +rows/)
  })

  test('history names rows, epoch and writer of each version', async () => {
    const versions = await rowsOf('lake', 'history', 'totals')
    expect(versions.map(({ version }) => version)).toEqual(versions.map((_, i) => i))
    expect(versions.at(-1)).toMatchObject({ addedRows: expect.any(Number) })
    expect(String(versions.at(-1)?.writer)).toMatch(/^totals\//)
  })

  test('read gives JSON rows with all digits', async () => {
    const said = await on('lake', 'read', 'totals', '--json')
    expect(said.out.split('\n').sort()).toContain(
      '{"user_id":"ann","window_start":"2024-01-08T12:00:00.000Z",' +
        '"window_end":"2024-01-08T12:01:00.000Z","orders":2,"spend":19.75}',
    )
    expect(said.notes).toMatch(/^totals as of version \d+, .*, rows: 3$/)
  })

  test('read shows people aligned columns, and how many rows are left', async () => {
    const said = await on('lake', 'read', 'totals', '--limit', '1')
    const [head, row, ...others] = said.out.trimEnd().split('\n')
    expect(head).toMatch(/^user_id +window_start +window_end +orders +spend$/)
    expect(row).toMatch(/^\w+ +2024-01-08T12:0\d:00.000Z/)
    expect(others).toEqual([])
    expect(said.notes).toContain('2 more rows; see --limit and --json')
    expect(await rowsOf('lake', 'read', 'totals', '--limit', '0')).toEqual([])
  })

  test('read as of a version or a time gives that state', async () => {
    const versions = await rowsOf('lake', 'history', 'totals')
    const last = versions.at(-1)
    const all = await rowsOf('lake', 'read', 'totals')
    expect(await rowsOf('lake', 'read', 'totals', '--as-of', String(last?.version))).toEqual(all)
    expect(await rowsOf('lake', 'read', 'totals', '--as-of', String(last?.time))).toEqual(all)
    const early = on('lake', 'read', 'totals', '--as-of', '2024-01-08')
    await expect(early).rejects.toThrow(/LAKE_TIME_TOO_EARLY.*found 2024-01-08T00:00:00.000Z/)
    await expect(on('lake', 'read', 'totals', '--as-of', '99')).rejects.toThrow(
      'LAKE_VERSION_MISSING',
    )
    await expect(on('lake', 'read', 'totals', '--as-of', 'now')).rejects.toThrow('AS_OF_INVALID')
    await expect(on('lake', 'read', 'total')).rejects.toThrow(/LAKE_TABLE_MISSING.*totals/)
  })

  test('takes a date for the start of that day in UTC, and times only with their zone', () => {
    expect(asOf('2024-01-08')).toEqual({ asOfMicros: 1_704_672_000_000_000 })
    expect(asOf('2024-01-08T00:00:00.5Z')).toEqual({ asOfMicros: 1_704_672_000_500_000 })
    expect(asOf('2024-01-08T09:00:00+09:00')).toEqual({ asOfMicros: 1_704_672_000_000_000 })
    expect(asOf('12')).toEqual({ version: 12 })
    for (const text of ['2024-01-08T00:00:00', '2024-02-30', '', '-1', '1.5', 'latest']) {
      expect(() => asOf(text), text).toThrow('AS_OF_INVALID')
    }
  })
})

describe('online', () => {
  test('get answers for several keys, all as of one moment', async () => {
    const answers = await rowsOf('online', 'get', 'user_totals', 'ann', 'nobody')
    expect(answers).toMatchObject([
      {
        view: 'user_totals',
        key: { user_id: 'ann' },
        status: 'present',
        values: { user_id: 'ann', orders: 1, spend: 100, window_end: '2024-01-08T12:06:00.000Z' },
        readClock: 'watermark',
      },
      { key: { user_id: 'nobody' }, status: 'not_found', values: null, epoch: null },
    ])
    const people = (await on('online', 'get', 'user_totals', 'ann', 'nobody')).out
    expect(people).toMatch(/ann +present .* 100\.00 /)
    expect(people).toMatch(/nobody +not_found/)
  })

  test('get takes the columns of a composite key in their order', async () => {
    const answers = await rowsOf('online', 'get', 'city_visits', 'Köln', 'ann', 'Bonn', 'ann')
    expect(answers.map(({ key, values }) => [key, values])).toMatchObject([
      [{ city: 'Köln', user_id: 'ann' }, { visits: 2 }],
      [{ city: 'Bonn', user_id: 'ann' }, { visits: 1 }],
    ])
    const short = on('online', 'get', 'city_visits', 'Köln')
    await expect(short).rejects.toThrow(/VIEW_KEY.*values for city, user_id; found 1 values/)
  })

  test('get of a view that there is not lists the views', async () => {
    const get = (...args: readonly string[]) => on('online', 'get', ...args)
    await expect(get('users', 'ann')).rejects.toThrow(/VIEW_UNKNOWN.*city_visits, user_totals/)
    await expect(get('user_totals', 'ann', '--job', 'other')).rejects.toThrow('VIEW_UNKNOWN')
    await expect(get('user_totals')).rejects.toThrow(CommanderError)
  })

  test('ls lists views with key and ttl', async () => {
    const views = await rowsOf('online', 'ls')
    expect(views).toMatchObject([
      { view: 'city_visits', key: 'city, user_id' },
      { view: 'user_totals', key: 'user_id', ttlMs: 3_600_000, mode: 'bounded', job: 'totals' },
    ])
  })
})

describe('the log', () => {
  test('shows topics of jobs too', async () => {
    const topics = await rowsOf('log', 'ls')
    expect(topics.map(({ topic, writtenBy, records }) => [topic, writtenBy, records])).toEqual(
      expect.arrayContaining([
        ['orders', 'anyone', orderLines.length],
        ['totals', 'totals', 3],
        ['totals.dead-letters', 'totals', 2],
      ]),
    )
    const [row] = await rowsOf('log', 'read', 'totals', '--limit', '1')
    expect(row).toMatchObject({
      op: '+I',
      epoch: expect.any(Number),
      value: { orders: expect.any(Number) },
    })
    await expect(on('log', 'read', 'total')).rejects.toThrow(/TOPIC_UNKNOWN.*totals.dead-letters/)
  })
})

describe('savepoint', () => {
  test('create, list and inspect', async () => {
    const [made] = await rowsOf('savepoint', 'create', 'totals', 'before-upgrade')
    expect(made).toMatchObject({ savepoint: 'before-upgrade', job: 'totals', slots: 1 })
    expect(await rowsOf('savepoint', 'ls')).toEqual([made])
    expect(await rowsOf('savepoint', 'ls', 'totals')).toEqual([made])
    const tables = await rowsOf('savepoint', 'inspect', 'totals', 'before-upgrade')
    expect(tables).toContainEqual(expect.objectContaining({ operator: 'totals', task: 's0/0' }))
    const again = on('savepoint', 'create', 'totals', 'before-upgrade')
    await expect(again).rejects.toThrow('SAVEPOINT_EXISTS')
    const other = on('savepoint', 'inspect', 'totals', 'other')
    await expect(other).rejects.toThrow(/SAVEPOINT_UNKNOWN.*before-upgrade/)
    await expect(on('savepoint', 'ls', 'other')).rejects.toThrow(/JOB_UNKNOWN.*one of totals/)
  })
})

describe('explain', () => {
  test('takes the partitions of the log, or those that are asked for', async () => {
    const plan = (await on('explain', jobFile, '--partitions', 'visits=1')).out
    expect(plan).toContain('from topic orders: json, 2 partitions')
    const other = (await on('explain', jobFile, '--partitions', 'orders=8', '--slots', '3')).out
    expect(other).toContain('from topic orders: json, 8 partitions')
    expect(other).toContain('slot 0: 0 3 6')
    expect((await on('explain', jobFile, '--mermaid')).out).toMatch(/^flowchart LR\n/)
    await expect(on('explain', jobFile, '--partitions', 'orders')).rejects.toThrow('OPTION_INVALID')
  })
})

describe('dead letters', () => {
  test('ls groups them by code, with samples', async () => {
    const codes = await rowsOf('dead-letters', 'ls')
    expect(codes.map(({ code, count, topics }) => [code, count, topics])).toEqual([
      ['FIELD_TYPE', 1, ['orders']],
      ['JSON_SYNTAX', 1, ['orders']],
    ])
    expect(codes[1]).toMatchObject({ samples: [{ topic: 'orders', raw: orderLines[2] }] })
    expect(await rowsOf('dead-letters', 'ls', '--code', 'OTHER')).toEqual([])
    const people = await on('dead-letters', 'ls')
    expect(people.out).toMatch(/code +count +topic +refused by\nFIELD_TYPE +1 +orders +at the door/)
    expect(people.out).toContain('order_total')
  })

  test(
    'are replayed once into the partitions that they came from',
    async () => {
      const replay = async (...options: readonly string[]) =>
        (await rowsOf('dead-letters', 'replay', ...options))[0]
      const records = async () => (await rowsOf('log', 'read', 'orders')).length
      const before = await records()
      expect(await replay('--dry-run')).toMatchObject({ appended: 2, before: 0 })
      expect(await records()).toBe(before)
      expect(await replay('--code', 'FIELD_TYPE')).toMatchObject({ appended: 1, before: 0 })
      expect(await replay()).toMatchObject({ appended: 1, before: 1 })
      expect(await replay()).toMatchObject({ appended: 0, before: 2 })
      expect(await records()).toBe(before + 2)
      const typed = (await rowsOf('log', 'read', 'orders')).filter(({ key }) => key === 'mia')
      expect(typed.length).toBe(2)
      expect(typed[1]?.partition).toBe(typed[0]?.partition)
      expect(typed[1]?.value).toEqual(typed[0]?.value)
      expect(await replay('--again', '--dry-run')).toMatchObject({ appended: 2 })
      await runJob(data, '--fresh')
      expect(await replay('--dry-run')).toMatchObject({ appended: 4, before: 0 })
    },
    TIMEOUT_MS,
  )

  test('want to know which job is meant', async () => {
    const empty = millrace(['dead-letters', 'ls', '--data', join(data, 'nowhere')])
    await expect(empty).rejects.toThrow(/JOB_NEEDED.*none in/)
    await expect(on('dead-letters', 'ls', '--job', 'other')).rejects.toThrow('JOB_UNKNOWN')
  })
})

describe('help', () => {
  test.each([
    'log create',
    'log append',
    'log read',
    'log ls',
    'lake ls',
    'lake history',
    'lake read',
    'online get',
    'online ls',
    'savepoint create',
    'savepoint ls',
    'savepoint inspect',
    'dead-letters ls',
    'dead-letters replay',
    'explain',
  ])('of %s teaches with an example', async (words) => {
    const io = new TestIo()
    await expect(run(io, [...words.split(' '), '--help'])).rejects.toThrow(CommanderError)
    expect(io.said().out).toContain('--data <dir>')
    expect(io.said().out).toContain(`Examples:\n  $ millrace ${words}`)
  })

  test('of a wrong option is shown on stderr', async () => {
    const io = new TestIo()
    await expect(run(io, ['lake', 'ls', '--wrong'])).rejects.toThrow(CommanderError)
    expect(io.said().out).toBe('')
    expect(io.said().notes).toContain("unknown option '--wrong'")
  })
})
