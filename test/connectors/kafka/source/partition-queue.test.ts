import { describe, expect, it } from 'vitest'
import type { FetchedPartition } from '../../../../connectors/kafka/protocol/fetch.ts'
import { PartitionQueue } from '../../../../connectors/kafka/source/partition-queue.ts'
import { errorCode } from '../../../../engine/errors.ts'
import { batchOf, record } from '../record-batch/batch-fixture.ts'

function queue(options: { end?: number; bufferBytes?: number } = {}): PartitionQueue {
  const { end = Number.POSITIVE_INFINITY, bufferBytes = 1000 } = options
  const place = { topic: 'orders', partition: 3, offset: 0, lastStableOffset: 0 }
  return new PartitionQueue({ ...place, end, bufferBytes, retryMs: 100 })
}

function answer(records: Uint8Array, lastStableOffset = 100): FetchedPartition {
  return {
    topic: 'orders',
    partition: 3,
    errorCode: 0,
    highWatermark: lastStableOffset,
    lastStableOffset,
    logStartOffset: 0,
    aborted: [],
    preferredReplica: -1,
    records,
  }
}

function records(baseOffset: number, count: number): Uint8Array {
  return batchOf(
    Array.from({ length: count }, () => record('x'.repeat(50))),
    { baseOffset },
  )
}

describe('a queue of fetched records', () => {
  it('wants no more than it has room for, until some is taken', () => {
    const full = queue({ bufferBytes: 500 })
    full.accept(0, answer(records(0, 10)))
    expect([full.fetchOffset, full.isWanting]).toEqual([10, false])
    expect(full.shift()?.records.length).toBeGreaterThan(500)
    expect([full.bufferedBytes, full.isWanting]).toEqual([0, true])
  })

  it('drops the answer to an offset that is not wanted any more', () => {
    const restarted = queue()
    restarted.accept(0, answer(records(0, 5)))
    restarted.restart(2)
    restarted.accept(5, answer(records(5, 5)))
    expect([restarted.fetchOffset, restarted.hasNews, restarted.isWanting]).toEqual([
      2,
      false,
      true,
    ])
  })

  it('wants nothing at its end', () => {
    const bounded = queue({ end: 5 })
    bounded.accept(0, answer(records(0, 7)))
    expect([bounded.isOpen, bounded.isWanting]).toEqual([false, false])
  })

  it('says when a batch was held back', () => {
    const starved = queue()
    starved.accept(0, answer(new Uint8Array(0), 0))
    expect(starved.isStarved).toBe(false)
    starved.accept(0, answer(new Uint8Array(0), 1))
    expect(starved.isStarved).toBe(true)
  })

  it('gives up when trouble lasts, not when it comes again after an answer', () => {
    const troubled = queue()
    troubled.trouble(0, 'no leader')
    troubled.trouble(99, 'no leader')
    troubled.accept(0, answer(new Uint8Array(0), 0))
    troubled.trouble(150, 'no leader')
    expect([troubled.failure, troubled.state]).toEqual([undefined, 'stale'])
    troubled.trouble(250, 'no leader')
    expect(errorCode(troubled.failure)).toBe('KAFKA_UNREADABLE')
    expect(troubled.isOpen).toBe(false)
  })

  it('wakes its reader once for records, for a failure and when it is closed', () => {
    let calls = 0
    const woken = queue()
    woken.onArrival(() => calls++)
    woken.accept(0, answer(records(0, 1)))
    woken.accept(1, answer(records(1, 1)))
    expect(calls).toBe(1)
    woken.onArrival(() => calls++)
    woken.close()
    expect(calls).toBe(2)
    woken.accept(2, answer(records(2, 1)))
    expect(woken.hasNews).toBe(false)
  })
})
