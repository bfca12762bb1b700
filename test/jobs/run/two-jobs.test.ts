// Two jobs in one data folder: the second reads a topic that the first one wrote.
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterEach, expect, it } from 'vitest'
import { command } from '../../support/command-line.ts'

const root = fileURLToPath(new URL('../../..', import.meta.url))
const folder = mkdtempSync(join(tmpdir(), 'millrace-two-jobs-'))
afterEach(() => rmSync(folder, { recursive: true, force: true }))

const FIRST = `
import { int64, job, schema, string, timestamp, topic, topicSink } from 'millrace'
const shape = schema({ user: string(), cents: int64(), at: timestamp({ unit: 'ms' }) })
const orders = topic('orders', { schema: shape, eventTime: 'at', key: 'user' })
export default job('first', ({ from, to }) => {
  to(from(orders), topicSink('checked', { key: 'user' }))
})
`
const SECOND = `
import { aggregate, count, int64, job, keyBy, schema, string, sum, timestamp } from 'millrace'
import { topic, topicSink, tumblingWindow } from 'millrace'
const shape = schema({ user: string(), cents: int64(), at: timestamp() })
const checked = topic('checked', { schema: shape, eventTime: 'at', key: 'user' })
export default job('second', ({ from, to, drop }) => {
  const rows = from(checked).pipe(
    keyBy('user'),
    tumblingWindow({ size: '10s' }),
    aggregate({ orders: count(), cents: sum('cents') }),
  )
  to(rows, topicSink('totals'))
  drop(rows.late)
})
`

it('reads what another job has decided, and refuses a job that writes the same topic', async () => {
  mkdirSync(join(folder, 'node_modules'))
  symlinkSync(root, join(folder, 'node_modules', 'millrace'))
  writeFileSync(join(folder, 'first.ts'), FIRST)
  writeFileSync(join(folder, 'second.ts'), SECOND)
  writeFileSync(join(folder, 'rival.ts'), FIRST.replace("job('first'", "job('rival'"))
  const lines = Array.from({ length: 40 }, (_, i) => ({
    user: `u${i % 3}`,
    cents: i,
    at: i * 1000,
  }))
  writeFileSync(join(folder, 'orders.jsonl'), lines.map((line) => JSON.stringify(line)).join('\n'))
  const data = ['--data', 'data']

  const bound = ['--bounded', '--in', 'orders=orders.jsonl', ...data]
  expect(await command(folder, ['run', 'first.ts', ...bound])).toMatchObject({ exit: 0 })
  const out = ['--out', 'totals=totals.jsonl']
  const second = await command(folder, ['run', 'second.ts', '--bounded', ...out, ...data, '--json'])
  expect(second).toMatchObject({ exit: 0 })
  expect(JSON.parse(second.stdout)).toMatchObject({ events: 40, rows: { 'topic:totals': 12 } })

  const rival = await command(folder, ['run', 'rival.ts', ...bound])
  expect(rival.exit).toBe(2)
  expect(rival.stderr).toMatch(/^TOPIC_HOME: .*"checked"/m)
}, 60_000)
