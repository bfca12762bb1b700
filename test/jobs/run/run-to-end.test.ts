// What a run writes where: rows and summary.
import { mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, expect, test } from 'vitest'
import { removeFolder, runProgram, workFolder } from '../../faults/program.ts'

const TIMEOUT_MS = 60_000
const work = workFolder()
const input = join(work, 'orders.jsonl')
writeFileSync(
  input,
  '{"event_type":"order_placed","order_id":"o-1","user_id":"u1","restaurant_id":"r3",' +
    '"order_total":50.12,"items":4,"city":"Bonn","card_id":"c","address_id":"a",' +
    '"event_time":"2024-06-07T12:00:00Z"}',
)

afterAll(() => removeFolder(work))

test('rows that go to stdout have it for themselves, and the promise is told', {
  timeout: TIMEOUT_MS,
}, async () => {
  const data = join(work, 'data')
  const bound = { inputs: [`orders=${input}`], outputs: ['fraud-features=-'] }
  const end = await runProgram({ data, ...bound, more: ['--only', 'fraud-features'] })
  expect(end, end.words).toMatchObject({ code: 0 })
  const rows = end.out.trimEnd().split('\n')
  expect(rows.map((row) => JSON.parse(row))).toHaveLength(5)
  for (const row of rows) expect(row).toMatch(/^\{"user_id":"u1","window_start":/)
  expect(end.words).toMatch(/^fraud-features goes to standard output: at-least-once/m)
  expect(end.words).toMatch(/^\{"job":"fraud-features","state":"ended","events":1,/m)
})

test('a run that begins anew says which lake tables keep their rows', {
  timeout: TIMEOUT_MS,
}, async () => {
  const run = { data: join(work, 'anew'), inputs: [`orders=${input}`] }
  const first = await runProgram({ ...run, more: ['--fresh'] })
  expect(first, first.words).toMatchObject({ code: 0 })
  expect(first.words).not.toContain('keeps its rows')
  const again = await runProgram({ ...run, more: ['--fresh'] })
  expect(again.words.match(/^lake table .* keeps its rows/gm)).toEqual([
    'lake table features/user_fraud_5m keeps its rows',
    'lake table raw/orders keeps its rows',
  ])
})

test('what is piped into a run that has ended is refused, and nothing is new without it', {
  timeout: TIMEOUT_MS,
}, async () => {
  const run = { data: join(work, 'piped'), inputs: ['orders=-'] }
  const stdin = readFileSync(input, 'utf8')
  const first = await runProgram({ ...run, stdin })
  expect(first, first.words).toMatchObject({ code: 0 })
  const more = await runProgram({ ...run, stdin })
  expect(more, more.words).toMatchObject({ code: 2 })
  expect(more.words).toMatch(/^INPUT_CHANGED: topic "orders" gives more/m)
  expect(await runProgram({ ...run, stdin: '' })).toMatchObject({ code: 0 })
})

const BROKEN = `
import { job, keyBy, process, schema, string, timestamp, topic, topicSink } from 'millrace'
const shape = schema({ user_id: string(), event_time: timestamp() })
const orders = topic('orders', { schema: shape, eventTime: 'event_time', key: 'user_id' })
const score = process({
  state: {},
  output: shape,
  onRecord() {
    throw new Error('no such user')
  },
})
export default job('scores', ({ from, to }) => {
  to(from(orders).pipe(keyBy('user_id'), score), topicSink('scores'))
})
`

test('a failure of a stateful function is named with job, operator and record', {
  timeout: TIMEOUT_MS,
}, async () => {
  const root = fileURLToPath(new URL('../../..', import.meta.url))
  mkdirSync(join(work, 'node_modules'))
  symlinkSync(root, join(work, 'node_modules', 'millrace'))
  const broken = join(work, 'broken.ts')
  writeFileSync(broken, BROKEN)
  const end = await runProgram({
    data: join(work, 'broken'),
    job: broken,
    inputs: [`orders=${input}`],
  })
  expect(end, end.words).toMatchObject({ code: 1 })
  expect(end.words).toMatch(
    /^PROCESS_FAILED: .*"process".*no such user.*partition 0, offset 0,.* Job: scores\.$/m,
  )
})
