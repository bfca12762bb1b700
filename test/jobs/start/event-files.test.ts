// How shipped events go into the log: each line once, whatever happened before.
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import fc from 'fast-check'
import { describe, expect, it, onTestFinished } from 'vitest'
import { type EmbeddedLog, openLog } from '../../../connectors/log/index.ts'
import {
  appendLines,
  type EventLine,
  eventFile,
  eventLines,
} from '../../../jobs/start/event-files.ts'
import { temporaryFolder, utf8 } from '../../support/connectors.ts'

function freshLog(): EmbeddedLog {
  const log = openLog(temporaryFolder())
  log.create('orders', { partitions: 4 })
  onTestFinished(() => log.close())
  return log
}

function linesOf(text: string): EventLine[] {
  const path = join(temporaryFolder(), 'events.jsonl')
  writeFileSync(path, text)
  return eventLines(path, 4)
}

const order = (user: string, number: number) => `{"user_id":"${user}","order_id":"o-${number}"}`
const orders = (count: number) =>
  linesOf(Array.from({ length: count }, (_, i) => `${order(`u${i % 50}`, i)}\n`).join(''))

/** What each partition of the topic holds, as texts. */
function contents(log: EmbeddedLog): string[][] {
  return [0, 1, 2, 3].map((partition) =>
    log
      .read('orders', partition, 0, 100_000)
      .map(({ value }) => Buffer.from(value ?? []).toString()),
  )
}

function expected(lines: readonly EventLine[]): string[][] {
  return [0, 1, 2, 3].map((partition) =>
    lines
      .filter((line) => line.partition === partition)
      .map(({ record }) => Buffer.from(record.value ?? []).toString()),
  )
}

describe('lines', () => {
  it('go to the partition that Kafka would choose for their user', () => {
    const lines = linesOf(`${order('foobar', 1)}\n${order('21', 2)}\n`)
    // Kafka's own test vectors: murmur2 is -790332482 and -973932308; positive, modulo 4.
    expect(lines.map(({ partition }) => partition)).toEqual([2, 0])
    expect(lines[0]?.record.key).toEqual(utf8('foobar'))
  })

  it('that can not be read, or name no user, are kept without a key and always lie alike', () => {
    const text = `{"user_id":"u1\n[]\nnull\n{"user_id":5}\n\n{"user_id":"u1"}`
    const lines = linesOf(text)
    expect(lines.map(({ record }) => record.key !== undefined)).toEqual([
      ...[false, false, false, false, false, true],
    ])
    expect(lines.slice(0, 5).map(({ partition }) => partition)).toEqual([0, 1, 2, 3, 0])
    expect(linesOf(text)).toEqual(lines)
  })

  it('of the shipped files are all there, at least 20,000 of them', () => {
    const counts = ['orders', 'deliveries', 'ratings'].map(
      (topic) => eventLines(eventFile(topic), 4).length,
    )
    expect(counts.reduce((sum, count) => sum + count)).toBeGreaterThanOrEqual(20_000)
  })
})

describe('appending', () => {
  it('appends every line once, and nothing the second time', async () => {
    const log = freshLog()
    const lines = orders(2500)
    const progress: number[] = []
    expect(await appendLines(log, 'orders', lines, (done) => progress.push(done))).toBe(2500)
    expect(progress).toEqual([1000, 2000, 2500])
    expect(await appendLines(log, 'orders', lines)).toBe(0)
    expect(contents(log)).toEqual(expected(lines))
  })

  it('goes on behind what an interrupted start appended, wherever it ended', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 1, max: 4200 }),
        fc.array(fc.integer({ min: 1, max: 4 }), { maxLength: 4 }),
        async (count, interruptions) => {
          const log = freshLog()
          const lines = orders(count)
          for (const commits of interruptions) {
            let left = commits
            await appendLines(log, 'orders', lines, () => {
              left--
              if (left === 0) throw new Error('interrupted')
            }).catch((error: unknown) => expect(error).toEqual(new Error('interrupted')))
          }
          await appendLines(log, 'orders', lines)
          expect(contents(log)).toEqual(expected(lines))
        },
      ),
      { numRuns: 12 },
    )
  })

  it('leaves alone what others appended after the file', async () => {
    const log = freshLog()
    const lines = orders(30)
    await appendLines(log, 'orders', lines)
    await log.append('orders', 2, [{ value: utf8('another') }])
    expect(await appendLines(log, 'orders', lines)).toBe(0)
    expect(contents(log).flat()).toHaveLength(31)
  })

  it('refuses a topic that begins with other records', async () => {
    const log = freshLog()
    await log.append('orders', 2, [{ value: utf8('another') }])
    const lines = linesOf(`${order('u17', 1)}\n${order('u17', 2)}\n`)
    await expect(appendLines(log, 'orders', lines)).rejects.toMatchObject({
      code: 'EVENTS_MIXED',
      expected: '0, 1, 0, 0 records in its partitions',
      found: '0, 0, 1, 0',
    })
    expect(contents(log).flat()).toEqual(['another'])
  })
})
