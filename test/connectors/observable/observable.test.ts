import { concat, from, NEVER, of, Subject, throwError } from 'rxjs'
import { describe, expect, it } from 'vitest'
import {
  type DecidedRows,
  fromObservable,
  toObservable,
} from '../../../connectors/observable/index.ts'
import { batchOfRows, rowsOf } from '../../../engine/batch/index.ts'
import type { CommitPermit, PartitionReader } from '../../../engine/connector.ts'
import { jsonDecoder } from '../../../engine/json/index.ts'
import { decimal, int64, schema, timestamp } from '../../../engine/schema/index.ts'

const ticks = schema({ n: int64(), price: decimal(10, 2), at: timestamp() })

interface Tick {
  readonly n: bigint
  readonly price: string
  readonly at: number
}

const tick = (n: number): Tick => ({ n: BigInt(n), price: '1.50', at: n * 1000 })

const options = { name: 'ticks', eventTime: 'at' } as const

function open(rows: Parameters<typeof fromObservable<Tick>>[1], offset = 0, bufferRows = 5000) {
  const { source } = fromObservable(ticks, rows, { ...options, bufferRows })
  return source.open(0, jsonDecoder(ticks), offset, undefined)
}

/** All offsets that a reader gives at once. */
function offsets(reader: PartitionReader): number[] {
  const found: number[] = []
  for (let records = reader.poll(); records !== undefined; records = reader.poll()) {
    expect(records.nextOffset).toBe((records.offsets.at(-1) ?? -1) + 1)
    found.push(...records.offsets)
  }
  return found
}

describe('fromObservable', () => {
  it('gives the rows of an Observable as records of one partition, and ends with it', () => {
    const { topic, source } = fromObservable(ticks, of(tick(1)), { ...options, disorder: '5s' })
    expect(topic).toMatchObject({
      name: 'ticks',
      watermark: { kind: 'bounded-disorder', disorderMicros: 5_000_000 },
    })
    expect(source.partitions).toBe(1)
    const reader = open(from(Array.from({ length: 2500 }, (_, n) => tick(n))))
    expect(reader.isEnded).toBe(false)
    expect(reader.lag).toBe(2500)
    expect(offsets(reader)).toEqual(Array.from({ length: 2500 }, (_, n) => n))
    expect(reader.isEnded).toBe(true)
  })

  it('goes on at an offset by skipping what it gave before', () => {
    expect(offsets(open(from([0, 1, 2, 3].map(tick)), 3))).toEqual([3])
  })

  it('rejects rows that do not fit the schema, with the reason and the row', () => {
    const wrong: Tick = JSON.parse('{"n":1,"price":2.5,"at":1}')
    const records = open(of(tick(0), wrong, tick(2))).poll()
    expect(records?.length).toBe(2)
    expect([...(records?.offsets ?? [])]).toEqual([0, 2])
    expect(records?.nextOffset).toBe(3)
    expect(records?.rejected).toMatchObject([{ offset: 1, code: 'VALUE_TYPE' }])
    expect(records?.rejected[0]?.reason).toContain('"price"')
    expect(new TextDecoder().decode(records?.rejected[0]?.raw)).toBe('{"n":1,"price":2.5,"at":1}')
  })

  it('wakes the job when a row comes, and when it ends', async () => {
    const subject = new Subject<Tick>()
    const reader = open(subject)
    expect(reader.poll()).toBeUndefined()
    const woken = reader.ready()
    subject.next(tick(0))
    await woken
    expect(offsets(reader)).toEqual([0])
    const ended = reader.ready()
    subject.complete()
    await ended
    expect(reader.isEnded).toBe(true)
  })

  it('gives what came before an error, then the error', () => {
    const reader = open(
      concat(
        of(tick(0)),
        throwError(() => new Error('line cut')),
      ),
    )
    expect(reader.poll()?.length).toBe(1)
    expect(() => reader.poll()).toThrow(/OBSERVABLE_FAILED.*line cut/)
    expect(reader.isEnded).toBe(false)
  })

  it('stops when more rows wait than the buffer holds, and loses none of those it holds', () => {
    const reader = open(concat(from([0, 1, 2, 3].map(tick)), NEVER), 0, 3)
    expect(reader.poll()?.length).toBe(3)
    expect(() => reader.poll()).toThrow('OBSERVABLE_OVERFLOW')
  })

  it('leaves the Observable when it is closed', () => {
    const subject = new Subject<Tick>()
    const reader = open(subject)
    expect(subject.observed).toBe(true)
    reader.close()
    expect(subject.observed).toBe(false)
  })
})

describe('toObservable', () => {
  const permit: CommitPermit = { slot: 1, term: 2, epoch: 3, lineage: 'l' }
  const times = { eventTimes: [0, 0], watermarksBefore: [0, 0] }

  it('gives the rows of an epoch once it is decided', async () => {
    const output = toObservable('alerts', ticks)
    const seen: DecidedRows<Tick>[] = []
    output.rows.subscribe((rows) => seen.push(rows))
    const sink = output.sink()
    sink.write(batchOfRows(ticks, [{ ...tick(1) }, { ...tick(2) }], times))
    sink.write(batchOfRows(ticks, [{ ...tick(3) }, { ...tick(4) }], times))
    const committable = await sink.prepare(3)
    expect(seen).toEqual([])
    await sink.deliver(committable ?? new Uint8Array(), permit)
    const rows = [1, 2, 3, 4].map(tick)
    expect(seen).toEqual([{ slot: 1, epoch: 3, lineage: 'l', rows, ops: undefined }])
    expect(await sink.prepare(4)).toBeUndefined()
  })

  it('says what the rows of a changelog do, and is delivered by any instance', async () => {
    const output = toObservable('alerts', ticks)
    const sink = output.sink()
    const changes = Uint8Array.of(0, 3)
    const batch = batchOfRows(ticks, [{ ...tick(1) }, { ...tick(1) }], { ...times, changes })
    sink.write(batch)
    const committable = await sink.prepare(3)
    await sink.close()
    const seen: DecidedRows<Tick>[] = []
    let isOver = false
    output.rows.subscribe({
      next: (rows) => seen.push(rows),
      complete: () => {
        isOver = true
      },
    })
    await output.sink().deliver(committable ?? new Uint8Array(), permit)
    expect(seen[0]?.ops).toEqual(['+I', '-D'])
    expect(seen[0]?.rows).toEqual(rowsOf(batch))
    output.complete()
    expect(isOver).toBe(true)
  })

  it('refuses a committable of another version', async () => {
    const sink = toObservable('alerts', ticks).sink()
    await expect(sink.deliver(Uint8Array.of(9), permit)).rejects.toThrow('COMMITTABLE_VERSION')
  })
})
