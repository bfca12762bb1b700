import { join } from 'node:path'
import { CommanderError } from 'commander'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { openLog } from '../../../connectors/log/index.ts'
import { inputLines } from '../../../jobs/cli/input-lines.ts'
import { temporaryFolder } from '../../support/connectors.ts'
import { millrace, run, TestIo } from './cli-fixture.ts'

async function topicOf(lines: string | Uint8Array, options: readonly string[] = []) {
  const data = temporaryFolder()
  await millrace(['log', 'create', 'orders', '--partitions', '4', '--data', data])
  const said = await millrace(['log', 'append', 'orders', '--data', data, '--json', ...options], {
    '-': lines,
  })
  return { data, appended: said.rows()[0] }
}

const read = (data: string, ...options: readonly string[]) =>
  millrace(['log', 'read', 'orders', '--data', data, ...options])

const people = ['ann', 'bob', 'ann', 'cy'].map((user, i) => `{"user":"${user}","n":${i}}`)

describe('log create', () => {
  test('makes a topic once, and leaves an equal one alone', async () => {
    const data = temporaryFolder()
    const create = (...options: readonly string[]) =>
      millrace(['log', 'create', 'clicks', '--data', data, '--json', ...options])
    const [made] = (await create('--partitions', '3', '--keep-time', '7d')).rows()
    expect(made).toMatchObject({
      topic: 'clicks',
      partitions: 3,
      retention: { timeMs: 604_800_000 },
    })
    expect((await create('--partitions', '3', '--keep-time', '7d')).rows()[0]).toEqual(made)
    await expect(create('--partitions', '4')).rejects.toThrow('TOPIC_EXISTS')
    await expect(create('--keep-time', 'soon')).rejects.toThrow('DURATION_INVALID')
    await expect(create('--partitions', '0')).rejects.toThrow(CommanderError)
    await expect(create('--format', 'xml')).rejects.toThrow(CommanderError)
  })
})

describe('log append and read', () => {
  test('keep every byte, whatever it is', async () => {
    const bytes = Buffer.from([0xff, 0xfe, 0x41, 10, 0x22, 0x00, 0x5c, 10, 10, 0xc3])
    const { data, appended } = await topicOf(bytes, ['--partition', '1'])
    expect(appended).toEqual({ topic: 'orders', records: 3, withoutKey: 0, partitions: { 1: 3 } })
    const io = new TestIo()
    await run(io, ['log', 'read', 'orders', '--values', '--data', data])
    expect([...io.bytes()]).toEqual([0xff, 0xfe, 0x41, 10, 0x22, 0x00, 0x5c, 10, 0xc3, 10])
    const [first] = (await read(data, '--json')).rows()
    expect(first).toMatchObject({ value: null, valueBytes: '//5B', partition: 1, offset: 0 })
  })

  test('put records of one key into one partition, in order', async () => {
    const { data, appended } = await topicOf(people.join('\n'), ['--key', 'user'])
    expect(appended).toMatchObject({ records: 4, withoutKey: 0 })
    const rows = (await read(data, '--json')).rows()
    const anns = rows.filter(({ key }) => key === 'ann')
    expect(anns.map(({ value }) => value)).toEqual([
      { user: 'ann', n: 0 },
      { user: 'ann', n: 2 },
    ])
    expect(new Set(anns.map(({ partition }) => partition)).size).toBe(1)
    expect(anns[0]).toMatchObject({ topic: 'orders', op: '+I', eventTime: null, epoch: null })
  })

  test('append broken lines without a key, and say how many', async () => {
    const lines = ['{"user":"ann"}', '{"user":', '"text"', '{"name":"x"}', '{"user":null}']
    const { data, appended } = await topicOf(lines.join('\n'), ['--key', 'user'])
    expect(appended).toMatchObject({ records: 5, withoutKey: 4 })
    expect((await read(data, '--json')).rows().length).toBe(5)
  })

  test('refuse a key that is no text', async () => {
    await expect(topicOf('{"user":7}', ['--key', 'user'])).rejects.toThrow(/KEY_TYPE.*number/)
  })

  test('append nothing where there is no log or no topic', async () => {
    const data = temporaryFolder()
    const append = (topic: string) =>
      millrace(['log', 'append', topic, '--data', data], { '-': 'x' })
    await expect(append('orders')).rejects.toThrow('LOG_MISSING')
    await millrace(['log', 'create', 'orders', '--data', data])
    await expect(append('order')).rejects.toThrow(/TOPIC_UNKNOWN.*orders/)
  })

  test('append many commits of one input', async () => {
    const lines = Array.from({ length: 2500 }, (_, i) => `{"n":${i}}`)
    const { data, appended } = await topicOf(lines.join('\n'), ['--partition', '0'])
    expect(appended).toMatchObject({ records: 2500 })
    const rows = (await read(data, '--json')).rows()
    expect(rows.map(({ value }) => JSON.stringify(value))).toEqual(lines)
  })

  test('read from an offset, the last ones, one partition, and no more than asked', async () => {
    const { data } = await topicOf(people.join('\n'), ['--partition', '2'])
    const numbers = async (...options: readonly string[]) =>
      (await read(data, '--json', ...options)).rows().map(({ offset }) => offset)
    expect(await numbers('--from', '2', '--partition', '2')).toEqual([2, 3])
    expect(await numbers('--last', '1')).toEqual([3])
    expect(await numbers('--limit', '3')).toEqual([0, 1, 2])
    expect(await numbers('--partition', '0')).toEqual([])
    await expect(read(data, '--partition', '4')).rejects.toThrow(/PARTITION_UNKNOWN.*0 to 3/)
    await expect(read(data, '--from', '9', '--partition', '2')).rejects.toThrow(
      'OFFSET_OUT_OF_RANGE',
    )
    await expect(read(data, '--from', '1', '--last', '1')).rejects.toThrow(CommanderError)
    await expect(read(data, '--limit', '-1')).rejects.toThrow(CommanderError)
  })

  test('show people a line a record', async () => {
    const { data } = await topicOf('{"user":"ann"}', ['--key', 'user', '--partition', '0'])
    expect((await read(data)).out).toMatch(
      /^0\/0 {2}\d{4}-.*Z {2}\+I {2}ann {2}\{"user":"ann"\}\n$/,
    )
  })

  test('follow a topic until interrupted', async () => {
    const data = temporaryFolder()
    const log = openLog(join(data, 'log'))
    log.create('orders', { partitions: 1 })
    const append = (text: string) => log.append('orders', 0, [{ value: Buffer.from(text) }])
    await append('"first"')
    const io = new TestIo()
    const following = run(io, ['log', 'read', 'orders', '--follow', '--values', '--data', data])
    await io.says('first')
    await append('"second"')
    await io.says('second')
    io.interrupt()
    await following
    expect(io.said().out).toBe('"first"\n"second"\n')
    await log.close()
  })
})

describe('log ls', () => {
  test('lists topics with their records', async () => {
    const { data } = await topicOf(people.join('\n'), ['--key', 'user'])
    const [row] = (await millrace(['log', 'ls', '--json', '--data', data])).rows()
    expect(row).toEqual({
      topic: 'orders',
      writtenBy: 'anyone',
      partitions: 4,
      records: 4,
      format: 'json',
      partitioner: 'murmur2',
      kept: 'all',
      schema: null,
    })
  })

  test('says on stderr when there is none', async () => {
    const said = await millrace(['log', 'ls', '--data', temporaryFolder()])
    expect(said.out).toBe('')
    expect(said.notes).toContain('millrace log create')
  })
})

describe('lines of an input', () => {
  test('are the same wherever the input is cut', async () => {
    const bytes = fc.uint8Array({ maxLength: 60 }).map((all) => all.map((b) => (b < 60 ? 10 : b)))
    await fc.assert(
      fc.asyncProperty(bytes, fc.array(fc.nat(60)), async (input, cuts) => {
        const lines: string[] = []
        for await (const line of inputLines(pieces(input, cuts))) {
          lines.push(Buffer.from(line).toString('latin1'))
        }
        const whole = Buffer.from(input).toString('latin1').split('\n')
        expect(lines).toEqual(whole.map((l) => l.replace(/\r$/, '')).filter((l) => l !== ''))
      }),
    )
  })
})

async function* pieces(input: Uint8Array, cuts: readonly number[]): AsyncGenerator<Uint8Array> {
  const ends = [...cuts, input.length].sort((a, b) => a - b)
  let from = 0
  for (const end of ends) {
    const to = Math.min(end, input.length)
    yield input.slice(from, to)
    from = to
  }
}
