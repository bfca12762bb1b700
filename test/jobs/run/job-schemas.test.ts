// What a person meets who changes the schema of a topic that holds records already.
import { mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'
import { command } from '../../support/command-line.ts'
import { temporaryFolder } from '../../support/connectors.ts'
import { millrace } from '../cli/cli-fixture.ts'

const root = fileURLToPath(new URL('../../..', import.meta.url))
const TIMEOUT_MS = 90_000

/** A job that copies a topic to another. */
function copyJob(name: string, columns: string, options = '', from = 'orders', to = 'copied') {
  return `
import { int32, int64, job, schema, string, timestamp, topic, topicSink } from 'millrace'
const shape = schema({ ${columns} })
const input = topic('${from}', { schema: shape, eventTime: 'at', ${options} })
export default job('${name}', ({ from, to }) => { to(from(input), topicSink('${to}')) })
`
}

const FIRST = 'user: string(), cents: int32(), at: timestamp()'

const dataOf = (folder: string) => ['--data', `${folder}/data`]

function workFolder(): string {
  const folder = temporaryFolder()
  mkdirSync(`${folder}/node_modules`)
  symlinkSync(root, `${folder}/node_modules/millrace`)
  writeFileSync(`${folder}/package.json`, '{"type":"module"}')
  return folder
}

const second = (i: number) => `2024-06-07T12:00:${String(i).padStart(2, '0')}Z`

async function appendOrders(folder: string, orders: readonly object[]): Promise<void> {
  const lines = orders.map((order, i) => JSON.stringify({ at: second(i), ...order }))
  await millrace(['log', 'create', 'orders', ...dataOf(folder)])
  await millrace(['log', 'append', 'orders', ...dataOf(folder)], { '-': lines.join('\n') })
}

/** Runs a job over what the topic holds, from its beginning. */
async function run(folder: string, source: string, ...more: readonly string[]) {
  writeFileSync(`${folder}/job.js`, source)
  const args = ['run', 'job.js', '--bounded', '--data', 'data', ...more]
  return await command(folder, args)
}

async function rowsOf(folder: string, topic: string): Promise<unknown[]> {
  return (await millrace(['log', 'read', topic, '--values', ...dataOf(folder)])).rows()
}

async function versionsOf(folder: string, key: string): Promise<unknown[]> {
  return (await millrace(['log', 'schema', key, '--json', ...dataOf(folder)])).rows()
}

test('a forbidden change of a topic stops the job before it reads, and leaves no version', {
  timeout: TIMEOUT_MS,
}, async () => {
  const folder = workFolder()
  await appendOrders(folder, [{ user: 'ann', cents: 5 }])
  expect(await run(folder, copyJob('one', FIRST))).toMatchObject({ exit: 0 })
  const renamed = copyJob('two', FIRST.replace('cents', 'total_cents'), '', 'orders', 'other')
  const refused = await run(folder, renamed)
  expect(refused.exit).toBe(1)
  expect(refused.stdout).toBe('')
  expect(refused.stderr).toMatch(/^SCHEMA_INCOMPATIBLE: .*topic "orders".*version 1/m)
  expect(refused.stderr).toMatch(/"total_cents" \(int32, not null\) was added.*"cents"/)
  expect(refused.stderr).toMatch(/millrace log schema orders/)
  expect(await versionsOf(folder, 'orders')).toHaveLength(1)
  const topics = (await millrace(['log', 'ls', '--json', ...dataOf(folder)])).rows()
  expect(topics.map(({ topic }) => topic)).toEqual(['orders', 'copied'])
})

test('an allowed change is a new version, and old records are read with null and wider types', {
  timeout: TIMEOUT_MS,
}, async () => {
  const folder = workFolder()
  await appendOrders(folder, [{ user: 'ann', cents: 5 }])
  await run(folder, copyJob('one', FIRST))
  await appendOrders(folder, [{ user: 'bob', cents: 5_000_000_000, note: 'n' }])
  const wider = 'user: string(), cents: int64(), note: string().nullable(), at: timestamp()'
  const changed = copyJob('two', wider, '', 'orders', 'other')
  expect(await run(folder, changed)).toMatchObject({ exit: 0 })
  expect(await rowsOf(folder, 'other')).toEqual([
    { user: 'ann', cents: 5, note: null, at: '2024-06-07T12:00:00.000Z' },
    { user: 'bob', cents: 5_000_000_000, note: 'n', at: '2024-06-07T12:00:00.000Z' },
  ])
  expect(await versionsOf(folder, 'orders')).toMatchObject([
    { version: 1, job: 'one', columns: 'user string, cents int32, at timestamp' },
    {
      version: 2,
      job: 'two',
      mode: 'backward',
      columns: 'user string, cents int64, note string null, at timestamp',
    },
  ])
  const listed = await millrace(['log', 'ls', ...dataOf(folder)])
  expect(listed.out).toMatch(/^orders .* v2$/m)
})

test('the declared mode decides: forward takes a new column, none takes anything', {
  timeout: TIMEOUT_MS,
}, async () => {
  const folder = workFolder()
  await appendOrders(folder, [{ user: 'ann', cents: 5, city: 'x' }])
  await run(folder, copyJob('one', FIRST))
  const more = `${FIRST}, city: string()`
  expect(await run(folder, copyJob('two', more, '', 'orders', 'b'))).toMatchObject({ exit: 1 })
  const forward = copyJob('two', more, "compatibility: 'forward'", 'orders', 'b')
  expect(await run(folder, forward)).toMatchObject({ exit: 0 })
  const fewer = copyJob('three', 'user: string(), at: timestamp()', '', 'orders', 'c')
  expect(await run(folder, fewer)).toMatchObject({ exit: 0 })
  const anything = 'user: string(), cents: string(), at: timestamp()'
  const none = copyJob('four', anything, "compatibility: 'none'", 'orders', 'd')
  expect(await run(folder, none)).toMatchObject({ exit: 0 })
  expect(await rowsOf(folder, 'four.dead-letters')).toMatchObject([{ code: 'FIELD_TYPE' }])
  // A schema that was registered once is taken again.
  expect(await run(folder, copyJob('five', FIRST, '', 'orders', 'e'))).toMatchObject({ exit: 0 })
})

test('a job that reads what another one writes must be able to read its newest version', {
  timeout: TIMEOUT_MS,
}, async () => {
  const folder = workFolder()
  await appendOrders(folder, [{ user: 'ann', cents: 5 }])
  const milliseconds = FIRST.replace('timestamp()', "timestamp({ unit: 'ms' })")
  await run(folder, copyJob('one', milliseconds))
  const reader = (columns: string, options = '') =>
    run(folder, copyJob('reader', columns, options, 'copied', 'read'))
  const refused = await reader(`${FIRST}, city: string()`)
  expect(refused.exit).toBe(1)
  expect(refused.stderr).toMatch(/SCHEMA_INCOMPATIBLE: .*"copied".*"city"/)
  expect(await reader('user: string(), at: timestamp()')).toMatchObject({ exit: 0 })
  expect(await rowsOf(folder, 'read')).toHaveLength(1)
  // What readers declare is no version of the topic: those are the writer's.
  expect(await versionsOf(folder, 'copied')).toHaveLength(1)
})

test('a topic with updates and deletes is no input of another job', {
  timeout: TIMEOUT_MS,
}, async () => {
  const folder = workFolder()
  await appendOrders(folder, [{ user: 'ann', cents: 5 }])
  const totals = `
import { count, int32, int64, job, keyBy, runningAggregate, schema, string } from 'millrace'
import { timestamp, topic, topicSink } from 'millrace'
const input = topic('orders', { schema: schema({ ${FIRST} }), eventTime: 'at' })
export default job('totals', ({ from, to }) => {
  to(from(input).pipe(keyBy('user'), runningAggregate({ n: count() })), topicSink('totals'))
})
`
  expect(await run(folder, totals)).toMatchObject({ exit: 0 })
  expect(await rowsOf(folder, 'totals')).toEqual([{ user: 'ann', n: 1 }])
  const columns = 'user: string(), n: int64(), at: timestamp()'
  const refused = await run(folder, copyJob('reader', columns, '', 'totals', 'read'))
  expect(refused.exit).toBe(2)
  expect(refused.stderr).toMatch(/^CHANGELOG_INPUT: .*"reader".*"totals".*of job "totals"/m)
})

test('a topic that is bound to files keeps its schema with the run, until --fresh', {
  timeout: TIMEOUT_MS,
}, async () => {
  const folder = workFolder()
  writeFileSync(`${folder}/in.jsonl`, `{"user":"ann","cents":5,"at":"${second(0)}"}\n`)
  const files = ['--in', 'orders=in.jsonl', '--out', 'copied=out.jsonl']
  expect(await run(folder, copyJob('one', FIRST), ...files)).toMatchObject({ exit: 0 })
  const changed = copyJob('one', FIRST.replace('int32', 'string'))
  const refused = await run(folder, changed, ...files)
  expect(refused.exit).toBe(1)
  expect(refused.stderr).toMatch(/SCHEMA_INCOMPATIBLE: .*"one\/orders".*int32.*string/)
  const text = '{"user":"ann","cents":"five","at":"2024-06-07T12:00:00Z"}\n'
  writeFileSync(`${folder}/in.jsonl`, text)
  expect(await run(folder, changed, ...files, '--fresh')).toMatchObject({ exit: 0 })
  expect(readFileSync(`${folder}/out.jsonl`, 'utf8')).toContain('"cents":"five"')
  expect(await versionsOf(folder, 'one/orders')).toMatchObject([
    { version: 1, columns: 'user string, cents string, at timestamp' },
  ])
})
