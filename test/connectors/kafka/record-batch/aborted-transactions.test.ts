import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { AbortedTransaction } from '../../../../connectors/kafka/record-batch/index.ts'
import { batchOf, concat, producer, readAll, record, values } from './batch-fixture.ts'
import { mark, patched } from './batch-patch.ts'

describe('committed records', () => {
  it('are given without those of one aborted transaction', () => {
    const bytes = concat(
      batchOf([record('a'), record('b')], { producer: producer(1) }),
      mark({ baseOffset: 2, producerId: 1, type: 'abort' }),
      batchOf([record('c')], { baseOffset: 3, producer: producer(1) }),
      mark({ baseOffset: 4, producerId: 1, type: 'commit' }),
    )
    const aborted = [{ producerId: 1, firstOffset: 0 }]
    expect(readAll(bytes, { aborted })).toMatchObject({
      records: [{ offset: 3, value: 'c' }],
      nextOffset: 5,
    })
  })

  it('are given without those of several transactions that begin before one batch', () => {
    // Producers 1, 2 and 3 are in the list before the first batch of any of them was read.
    const bytes = concat(
      ...[1, 2, 3].map((id, i) =>
        batchOf([record(`${id}`)], { baseOffset: i, producer: producer(id) }),
      ),
      batchOf([record('kept')], { baseOffset: 3, producer: producer(4) }),
      ...[1, 2, 3].map((id, i) => mark({ baseOffset: 4 + i, producerId: id, type: 'abort' })),
      mark({ baseOffset: 7, producerId: 4, type: 'commit' }),
    )
    const aborted = [1, 2, 3].map((producerId, firstOffset) => ({ producerId, firstOffset }))
    expect(values(bytes, { aborted })).toEqual(['kept'])
    // From the middle: all three began before what was asked for.
    expect(values(bytes, { aborted, fetchOffset: 2 })).toEqual(['kept'])
  })

  it('do not depend on the order of the list', () => {
    const bytes = concat(
      batchOf([record('x')], { producer: producer(1) }),
      mark({ baseOffset: 1, producerId: 1, type: 'abort' }),
      batchOf([record('kept')], { baseOffset: 2, producer: producer(1) }),
      mark({ baseOffset: 3, producerId: 1, type: 'commit' }),
      batchOf([record('y')], { baseOffset: 4, producer: producer(1) }),
      mark({ baseOffset: 5, producerId: 1, type: 'abort' }),
    )
    const aborted = [4, 0].map((firstOffset) => ({ producerId: 1, firstOffset }))
    expect(values(bytes, { aborted })).toEqual(['kept'])
  })

  it('do not end at a record whose key looks like the key of a mark', () => {
    const zeros = '\0\0\0\0'
    const bytes = concat(
      batchOf([record('a', zeros), record('b', zeros)], { producer: producer(1) }),
      batchOf([record('c', zeros)], { baseOffset: 2, producer: producer(1) }),
      batchOf([record('kept', zeros)], { baseOffset: 3 }),
      mark({ baseOffset: 4, producerId: 1, type: 'abort' }),
    )
    expect(values(bytes, { aborted: [{ producerId: 1, firstOffset: 0 }] })).toEqual(['kept'])
    expect(values(bytes, { aborted: [] })).toEqual(['a', 'b', 'c', 'kept'])
  })

  it('end at marks that abort only', () => {
    const bytes = concat(
      batchOf([record('a')], { producer: producer(1) }),
      mark({ baseOffset: 1, producerId: 2, type: 'abort' }),
      patched(mark({ baseOffset: 2, producerId: 1, type: 'commit' }), {}),
      batchOf([record('b')], { baseOffset: 3, producer: producer(1) }),
      mark({ baseOffset: 4, producerId: 1, type: 'abort' }),
    )
    expect(values(bytes, { aborted: [{ producerId: 1, firstOffset: 0 }] })).toEqual([])
  })

  it('of a producer without transactions are given while its transaction is aborted', () => {
    const bytes = concat(
      batchOf([record('a')], { producer: producer(1) }),
      batchOf([record('b')], { baseOffset: 1, producer: producer(1, false) }),
    )
    expect(values(bytes, { aborted: [{ producerId: 1, firstOffset: 0 }] })).toEqual(['b'])
  })

  it('keep records before them in the same read', () => {
    const bytes = concat(
      batchOf([record('first', 'k')]),
      batchOf([record('x')], { baseOffset: 1, producer: producer(1) }),
      mark({ baseOffset: 2, producerId: 1, type: 'abort' }),
      batchOf([record('last')], { baseOffset: 3 }),
    )
    const read = readAll(bytes, { aborted: [{ producerId: 1, firstOffset: 1 }] })
    expect(read.lengths).toEqual([2])
    expect(read.records).toMatchObject([{ value: 'first', key: 'k' }, { value: 'last' }])
  })
})

it('all records are given to readers of uncommitted ones', () => {
  const bytes = concat(
    batchOf([record('a')], { producer: producer(1) }),
    mark({ baseOffset: 1, producerId: 1, type: 'abort' }),
  )
  expect(values(bytes)).toEqual(['a'])
})

/** What producers do, in the order of the log; `end` ends the producer's open transaction. */
interface Step {
  readonly id: number
  readonly does: 'write' | 'plain' | 'abort' | 'commit'
  readonly count: number
}

const steps: fc.Arbitrary<Step[]> = fc.array(
  fc.record({
    id: fc.integer({ min: 1, max: 4 }),
    does: fc.constantFrom('write', 'write', 'plain', 'abort', 'commit'),
    count: fc.integer({ min: 1, max: 3 }),
  }),
  { maxLength: 40 },
)

it('histories of several producers give exactly what was committed, from any offset', () => {
  const property = fc.property(
    steps,
    fc.nat(60),
    fc.infiniteStream(fc.nat()),
    (history, from, order) => {
      const log = play(history)
      const shuffled = log.aborted
        .filter(({ end }) => end >= from)
        .map((transaction) => ({ transaction, rank: order.next().value }))
        .sort((a, b) => a.rank - b.rank)
        .map(({ transaction }) => transaction)
      const bytes = concat(...log.batches.filter(({ end }) => end > from).map(({ bytes }) => bytes))
      const read = readAll(bytes, { aborted: shuffled, fetchOffset: from })
      const expected = log.committed.filter((offset) => offset >= from)
      expect(read.records.map(({ offset }) => offset)).toEqual(expected)
      expect(read.nextOffset).toBe(Math.max(from, log.nextOffset))
    },
  )
  fc.assert(property, { numRuns: 400 })
})

/** Writes a history as a log; transactions that are open at its end are aborted. */
function play(history: readonly Step[]) {
  const batches: { bytes: Uint8Array; end: number }[] = []
  const aborted: (AbortedTransaction & { end: number })[] = []
  const committed: number[] = []
  const open = new Map<number, number[]>()
  let nextOffset = 0
  const put = (bytes: Uint8Array, count: number) => {
    nextOffset += count
    batches.push({ bytes, end: nextOffset })
  }
  const end = (id: number, type: 'abort' | 'commit') => {
    const offsets = open.get(id)
    if (offsets === undefined) return
    open.delete(id)
    if (type === 'commit') committed.push(...offsets)
    else aborted.push({ producerId: id, firstOffset: offsets[0] ?? 0, end: nextOffset })
    put(mark({ baseOffset: nextOffset, producerId: id, type }), 1)
  }
  for (const { id, does, count } of history) {
    if (does === 'abort' || does === 'commit') {
      end(id, does)
      continue
    }
    const records = Array.from({ length: count }, () => record('v', '\0\0\0\0'))
    const offsets = records.map((_, i) => nextOffset + i)
    const isTransactional = does === 'write'
    if (isTransactional) open.set(id, [...(open.get(id) ?? []), ...offsets])
    else committed.push(...offsets)
    const writer = isTransactional ? producer(id) : producer(-1, false)
    put(batchOf(records, { baseOffset: nextOffset, producer: writer }), count)
  }
  for (const id of [...open.keys()]) end(id, 'abort')
  return { batches, aborted, committed: committed.sort((a, b) => a - b), nextOffset }
}
