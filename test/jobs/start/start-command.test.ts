// `millrace start` as a new user meets it: the compiled command line in a folder of its own.
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { openLog, readRecords, topicHome } from '../../../connectors/log/index.ts'
import { JobStore } from '../../../engine/checkpoint/index.ts'
import { command, RunningCommand } from '../../support/command-line.ts'
import { temporaryFolder } from '../../support/connectors.ts'

const TIMEOUT_MS = 120_000

/** Records of each input topic. */
async function inputCounts(data: string): Promise<number[]> {
  const log = openLog(join(data, 'log'), { readOnly: true })
  const counts = ['orders', 'deliveries', 'ratings'].map((topic) =>
    [0, 1, 2, 3].reduce((sum, partition) => sum + log.latest(topic, partition), 0),
  )
  await log.close()
  return counts
}

/** All rows of the output topic as texts, sorted. */
async function featureRows(data: string): Promise<string[]> {
  const reader = JobStore.openReadOnly(join(data, 'jobs', 'fraud-features', 'run'))
  const home = topicHome({
    get: (key) => reader.get('topics', key),
    before: (key) => reader.before('topics', key),
    range: (from, to) => reader.range('topics', from, to),
  })
  const records = readRecords(home.store, 'fraud-features', 0, 0, 1_000_000)
  const rows = records.map(({ value }) => Buffer.from(value ?? []).toString())
  await reader.close()
  return rows.sort()
}

describe('a replay', () => {
  it(
    'shows what was done and where it is, and starting again does nothing twice',
    async () => {
      const folder = temporaryFolder()
      const first = await command(folder, ['start'])
      expect(first.exit, first.stderr).toBe(0)
      expect(first.stderr).toContain('orders: 14,106 events appended to 4 partitions')
      expect(first.stdout).toMatch(/events read {5}14,106 \([\d,]+\/s/)
      expect(first.stdout).toMatch(/rows written {4}[\d,]+ to topic:fraud-features/)
      expect(first.stdout).toMatch(/late events {5}\d/)
      expect(first.stdout).toMatch(/dead letters {4}.*\d [A-Z]+_[A-Z]+/)
      expect(first.stdout).toMatch(/epochs {10}\d/)
      expect(first.stdout).toMatch(/\n {2}u\d+ +\d+ +\d+\.\d\d +\d+ +2024-06-07T14/)
      expect(first.stdout).toMatch(/online get user_fraud_5m u\d+\n/)
      const data = join(folder, '.millrace')
      const rows = await featureRows(data)
      const again = await command(folder, ['start'])
      expect(again.exit, again.stderr).toBe(0)
      expect(again.stderr).toContain('orders: all 14,106 events are in the log already')
      expect(again.stdout).toContain('fraud-features: nothing new since epoch')
      expect(again.stdout.split('\n\n').slice(1)).toEqual(first.stdout.split('\n\n').slice(1))
      expect(await inputCounts(data)).toEqual([14_106, 12_830, 3957])
      expect(await featureRows(data)).toEqual(rows)
    },
    TIMEOUT_MS,
  )

  it(
    'that was killed goes on: no event and no window is lost or there twice',
    async () => {
      const folder = temporaryFolder()
      expect((await command(folder, ['start', '--data', 'whole'])).exit).toBe(0)
      // While it appends the deliveries; while the job reads; when the job is over.
      for (const moment of [/orders: .*\n/, /ratings: .*\n/, /events read/]) {
        const killed = new RunningCommand(folder, ['start', '--data', 'killed'])
        await killed.says(moment)
        killed.process.kill('SIGKILL')
        await killed.end()
      }
      const last = await command(folder, ['start', '--data', 'killed'])
      expect(last.exit, last.stderr).toBe(0)
      expect(await inputCounts(join(folder, 'killed'))).toEqual([14_106, 12_830, 3957])
      const rows = await featureRows(join(folder, 'killed'))
      expect(rows.length).toBeGreaterThan(60_000)
      expect(rows).toEqual(await featureRows(join(folder, 'whole')))
    },
    TIMEOUT_MS,
  )
})

describe('a live start', () => {
  it(
    'serves features of a user that it names, and ends cleanly when told to',
    async () => {
      const folder = temporaryFolder()
      const running = new RunningCommand(folder, ['start', '--live', '--http', '0'])
      const [, url, view, user] = await running.says(
        /curl (http:\S+)(\/features\/user_fraud_5m\/)(\S+)/,
      )
      const answer = await (await fetch(`${url}${view}${user}`)).json()
      expect(answer).toMatchObject({
        key: { user_id: user },
        status: 'present',
        values: { user_id: user, spend_5min: expect.any(Number) },
        epoch: expect.any(Number),
        readClock: 'wall',
      })
      expect((await fetch(`${url}/features/user_fraud_5m/nobody`)).status).toBe(200)
      expect(await (await fetch(`${url}/ready`)).json()).toMatchObject({ isReady: true })
      expect(await (await fetch(`${url}/metrics`)).text()).toContain('millrace_records_in_total{')
      const second = await command(folder, ['start', '--live', '--http', '0'])
      expect(second).toMatchObject({ exit: 2, stdout: '' })
      expect(second.stderr).toContain('START_RUNNING: ')
      running.process.kill('SIGTERM')
      expect(await running.end(), running.stderr).toBe(0)
      const [, appended] = /appended ([\d,]+) events/.exec(running.stdout) ?? []
      const counts = await inputCounts(join(folder, '.millrace', 'live'))
      const total = counts.reduce((sum, count) => sum + count)
      expect(appended).toBe(total.toLocaleString('en-US'))
      expect((await featureRows(join(folder, '.millrace', 'live'))).length).toBeGreaterThan(0)
    },
    TIMEOUT_MS,
  )
})

describe('a start that can not be', () => {
  it.each([
    [['--rate', '5'], 'OPTION_INVALID: --rate belongs to --live'],
    [['--live', '--rate', 'many'], 'OPTION_INVALID: --rate can not be used; expected a whole'],
    [['--live', '--rate', '1000000'], 'a whole number ≥ 1 and ≤ 5000; found "1000000"'],
    [['--live', '--http', '70000'], 'a whole number ≥ 0 and ≤ 65535; found "70000"'],
    [['--life'], "unknown option '--life'"],
    [['something'], 'too many arguments'],
  ])('%j is refused in one line with exit code 2', async (args, text) => {
    const folder = temporaryFolder()
    const { exit, stdout, stderr } = await command(folder, ['start', ...args])
    expect(exit).toBe(2)
    expect(stdout).toBe('')
    expect(stderr).toContain(text)
  })
})
