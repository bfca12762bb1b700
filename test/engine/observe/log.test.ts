import { describe, expect, test } from 'vitest'
import { BadRecordError, ConfigError } from '../../../engine/errors.ts'
import { createLog } from '../../../engine/observe/index.ts'
import { TestClock } from '../../support/connectors.ts'

function logging(level = 'info') {
  const lines: string[] = []
  const log = createLog({
    clock: new TestClock(),
    level,
    base: { job: 'fraud-features' },
    out: { write: (line) => lines.push(line) },
  })
  const last = () => JSON.parse(lines.at(-1) ?? '{}')
  return { log, lines, last }
}

describe('a log', () => {
  test('writes one JSON object a line, with level, time and its own facts', () => {
    const { log, last } = logging()
    log.info({ slot: 1 }, 'slot up')
    expect(last()).toEqual({
      level: 'info',
      time: '2023-11-14T22:13:20.000Z',
      job: 'fraud-features',
      slot: 1,
      msg: 'slot up',
    })
  })

  test('writes what its level says, and refuses a level that there is not', () => {
    const { log, lines } = logging('warn')
    log.info('quiet')
    log.warn('loud')
    expect(lines.length).toBe(1)
    expect(() => logging('loud')).toThrow(ConfigError)
    expect(() => logging('loud')).toThrow(/LOG_LEVEL.*one of trace, .*MILLRACE_LOG/)
  })

  test.each([
    [{ password: 'hunter2' }],
    [{ kafka: { sasl: { Password: 'hunter2' } } }],
    [{ headers: [{ authorization: 'hunter2' }] }],
    [{ apiKey: 'hunter2', 'api-key': 'hunter2', AWS_SECRET_ACCESS_KEY: 'hunter2' }],
    [{ url: 'kafka://user:hunter2@broker:9092/topic' }],
    [{ header: 'Authorization: Bearer hunter2' }],
    [{ command: 'run --token=hunter2 --slots 2' }],
    [{ text: '{"password":"hunter2"}' }],
    [{ err: new Error('refused: password=hunter2') }],
    [{ err: new Error('outer', { cause: new Error('secret: hunter2') }) }],
  ])('takes secrets out of %j', (facts) => {
    const { log, lines, last } = logging()
    log.error(facts, 'failed')
    expect(lines[0]).not.toContain('hunter2')
    expect(lines[0]).toContain('[redacted]')
    expect(last().msg).toBe('failed')
  })

  test('takes secrets out of messages, their values and child loggers', () => {
    const { log, lines } = logging()
    log.info('connect to redis://me:hunter2@host')
    log.info('options %j', { password: 'hunter2', size: 2 })
    log.child({ token: 'hunter2' }).info('hello')
    expect(lines.join('')).not.toContain('hunter2')
    expect(lines.map((line) => JSON.parse(line).msg)).toEqual([
      'connect to redis://me:[redacted]@host',
      'options {"password":"[redacted]","size":2}',
      'hello',
    ])
  })

  test('never writes a payload', () => {
    const { log, last } = logging()
    const secret = new TextEncoder().encode('card 4111')
    log.warn(
      {
        raw: 'card 4111',
        row: { card: '4111' },
        deep: { values: ['4111'], bytes: secret },
        batch: { columns: [secret], length: 3 },
        map: new Map([['4111', 1]]),
        rows: 5,
      },
      'dead letters',
    )
    expect(JSON.stringify(last())).not.toContain('4111')
    expect(last()).toMatchObject({ raw: '[payload]', batch: '[batch of 3]', rows: 5 })
  })

  test('names an error about one record by its code only', () => {
    const { log, last } = logging()
    const message = 'order_total: "4111" is no decimal'
    log.warn({ err: new BadRecordError({ code: 'FIELD_TYPE', message, found: '4111' }) }, 'refused')
    expect(last().err).toEqual({ name: 'BadRecordError', code: 'FIELD_TYPE' })
  })

  test('survives facts that go in circles', () => {
    const { log, last } = logging()
    const facts: Record<string, unknown> = { name: 'loop' }
    facts.self = facts
    log.info(facts, 'round')
    expect(last().msg).toBe('round')
  })
})
