import { describe, expect, test } from 'vitest'
import { jobReport } from '../../../engine/observe/index.ts'
import { type Channel, channel, jobView, NOW_MICROS, slotStatus } from './api-fixture.ts'

function waitsFor(channels: readonly Channel[], isEnded = false) {
  const tasks = [{ task: 's0/0', watermark: null, isEnded, channels }]
  const view = jobView({ statuses: [slotStatus({ tasks })] })
  return jobReport(view, NOW_MICROS).slots[0]?.tasks[0]?.waitsFor
}

describe('what the windows of a task wait for', () => {
  test('is the channel with the least watermark, since its last record', () => {
    const report = jobReport(jobView(), NOW_MICROS)
    expect(report.slots[0]?.tasks[0]?.waitsFor).toEqual({
      channel: 'orders/1',
      since: '2023-11-14T22:12:20.000Z',
      heldBackMs: 60_000,
      text:
        'windows that end after 2023-11-14T22:12:15.000Z wait for orders/1, ' +
        'whose last record came 2023-11-14T22:12:20.000Z, the furthest is 60000 ms ahead',
    })
  })

  test('is a channel without any record before all others', () => {
    const found = waitsFor([channel('a/0', 5), channel('a/1', null)])
    expect(found).toMatchObject({ channel: 'a/1', heldBackMs: null })
    expect(found?.text).toContain('all windows wait for a/1')
  })

  test('is never a channel that ended, whose watermark is null too', () => {
    const ended = channel('a/0', null, { isEnded: true })
    expect(waitsFor([ended, channel('a/1', 5)])).toMatchObject({ channel: 'a/1' })
    expect(waitsFor([ended])).toBeNull()
    expect(waitsFor([channel('a/1', 5)], true)).toBeNull()
  })
})

describe('a job report', () => {
  test('has a place for slots that did not report yet', () => {
    const report = jobReport(jobView({ slots: 2 }), NOW_MICROS)
    expect(report.slots.map(({ slot, isUp }) => [slot, isUp])).toEqual([
      [0, true],
      [1, false],
    ])
    expect(report.slots[1]).toMatchObject({ decidedEpoch: null, tasks: [] })
  })

  test('names the error that stopped the job, without its stack', () => {
    const error = {
      name: 'UserCodeError',
      code: 'USER_CODE',
      message: 'USER_CODE: operator "score" threw',
      stack: 'at …',
      isRetryable: false,
    }
    const report = jobReport(jobView({ state: 'failed', error }), NOW_MICROS)
    expect(report.error).toEqual({ code: error.code, message: error.message })
  })
})
