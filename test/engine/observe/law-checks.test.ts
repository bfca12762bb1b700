import { describe, expect, it } from 'vitest'
import { Change, type RecordBatch, recordBatch } from '../../../engine/batch/index.ts'
import { InvariantError } from '../../../engine/errors.ts'
import { checkedOperator } from '../../../engine/observe/index.ts'
import type { Operator, OperatorContext, Output } from '../../../engine/operator.ts'
import { int32, schema, string } from '../../../engine/schema/index.ts'

const numbers = schema({ n: int32() })

function batch(values: readonly number[], parts: Partial<RecordBatch> = {}): RecordBatch {
  const times = new Float64Array(values.length)
  return {
    ...recordBatch({
      schema: numbers,
      columns: [{ kind: 'int32', values: Int32Array.from(values), nulls: undefined }],
      eventTimes: times,
      watermarksBefore: times,
    }),
    ...parts,
  }
}

const context: OperatorContext = {
  operatorId: 'o',
  task: 0,
  tasks: 1,
  timers: { schedule: () => undefined, cancel: () => undefined },
  meters: { count: () => undefined },
  addTable: () => undefined,
  deadLetter: () => undefined,
  processingTime: () => undefined,
}

const sink: Output = { emit: () => undefined, watermark: () => undefined }

/** A started, checked operator that passes batches on unless said otherwise. */
function checked(operator: Partial<Operator> = {}): Operator {
  const made = checkedOperator({ onBatch: (each, _, out) => out.emit(each), ...operator }, 'o')
  made.open?.(context)
  made.restored?.()
  return made
}

/** The law that `run` breaks. */
function brokenLaw(run: () => void): string | undefined {
  try {
    run()
    return undefined
  } catch (error) {
    expect(error).toBeInstanceOf(InvariantError)
    expect(String(error)).toContain('operator "o"')
    return /the law "([^"]*)"/.exec(String(error))?.[1]
  }
}

describe('law checks', () => {
  it('pass everything on, and have the optional methods that the operator has', () => {
    const sent: unknown[] = []
    const out: Output = {
      emit: (each, port) => sent.push([each.length, port]),
      watermark: (time) => sent.push(time),
    }
    const plain = checked()
    expect([plain.onTimer, plain.onWatermark]).toEqual([undefined, undefined])
    plain.onBatch(batch([1, 2]), 0, out)
    const full = checked({
      onWatermark: (watermark, own) => own.watermark(watermark.time),
      onTimer: (timer, own) => own.emit(batch([timer.time]), 1),
      onEnd: (own) => own.emit(batch([]), 0),
    })
    full.onTimer?.({ time: 5, domain: 'event', key: undefined }, out)
    full.onWatermark?.({ kind: 'watermark', time: 5 }, out)
    full.onWatermark?.({ kind: 'watermark', time: 5 }, out)
    full.onBarrier?.({ kind: 'barrier', epoch: 1 }, out)
    full.onEnd?.(out)
    expect(sent).toEqual([[2, 0], [1, 1], 5, 5, [0, 0]])
  })

  it('keep one call at a time', () => {
    const nested: Operator = checked({
      onBatch: (each, _, out) => {
        nested.onBatch(each, 0, out)
      },
    })
    expect(brokenLaw(() => nested.onBatch(batch([1]), 0, sink))).toBe('one call at a time')
  })

  it('let the next call through after one that threw', () => {
    const throwing = checked({
      onBatch: (each) => {
        if (each.length === 1) throw new Error('once')
      },
    })
    expect(() => throwing.onBatch(batch([1]), 0, sink)).toThrow('once')
    expect(brokenLaw(() => throwing.onBatch(batch([1, 2]), 0, sink))).toBeUndefined()
  })

  it('end `out` with the call that it was given to', () => {
    let kept = sink
    const keeping = checked({
      onBatch: (_each, _input, out) => {
        kept = out
      },
    })
    keeping.onBatch(batch([1]), 0, sink)
    expect(brokenLaw(() => kept.emit(batch([1])))).toBe('out within the call')
    expect(brokenLaw(() => kept.watermark(1))).toBe('out within the call')
  })

  it('let no watermark fall, in or out', () => {
    const forward = checked({ onWatermark: (watermark, out) => out.watermark(watermark.time) })
    forward.onWatermark?.({ kind: 'watermark', time: 5 }, sink)
    const falls = () => forward.onWatermark?.({ kind: 'watermark', time: 4 }, sink)
    expect(brokenLaw(falls)).toBe('watermarks rise')
    const lowering = checked({
      onBatch: (_each, _input, out) => {
        out.watermark(9)
        out.watermark(8)
      },
    })
    expect(brokenLaw(() => lowering.onBatch(batch([1]), 0, sink))).toBe('watermarks rise')
  })

  it('let nothing in or out after the end', () => {
    const late = checked({ onBarrier: (_barrier, out) => out.emit(batch([1])) })
    late.onEnd?.(sink)
    expect(brokenLaw(() => late.onBatch(batch([1]), 0, sink))).toBe('nothing after the end')
    const barrier = () => late.onBarrier?.({ kind: 'barrier', epoch: 1 }, sink)
    expect(brokenLaw(barrier)).toBe('nothing after the end')
  })

  const torn: readonly (readonly [string, Partial<RecordBatch>])[] = [
    ['a column that is too short', { columns: [] }],
    ['event times that are missing', { eventTimes: new Float64Array(1) }],
    ['a time that is no number', { watermarksBefore: Float64Array.of(Number.NaN, 0) }],
    ['changes of another length', { changes: Uint8Array.of(Change.delete) }],
    ['offsets of another length', { source: { partition: 0, offsets: new Float64Array(3) } }],
    [
      'a column of another type',
      { columns: [{ kind: 'bool', values: new Uint8Array(2), nulls: undefined }] },
    ],
    [
      'null in a column that takes none',
      { columns: [{ kind: 'int32', values: new Int32Array(2), nulls: Uint8Array.of(0, 1) }] },
    ],
  ]
  it.each(torn)('find %s', (_, parts) => {
    const found = brokenLaw(() => checked().onBatch(batch([1, 2], parts), 0, sink))
    expect(found).toBe('whole batches')
    const making = checked({ onBatch: (_each, _input, out) => out.emit(batch([1, 2], parts)) })
    expect(brokenLaw(() => making.onBatch(batch([1]), 0, sink))).toBe('whole batches')
  })

  it('want one schema a port', () => {
    const other = recordBatch({
      schema: schema({ text: string() }),
      columns: [
        { kind: 'plain', offsets: Int32Array.of(0, 0), bytes: new Uint8Array(), nulls: undefined },
      ],
      eventTimes: new Float64Array(1),
      watermarksBefore: new Float64Array(1),
    })
    const changing = checked()
    changing.onBatch(batch([1]), 0, sink)
    expect(brokenLaw(() => changing.onBatch(other, 0, sink))).toBe('one schema a port')
    expect(brokenLaw(() => checked().onBatch(other, 1, sink))).toBeUndefined()
  })

  it('want the rows of a timer before its watermark', () => {
    const late = checked({
      onTimer: (timer, out) => {
        out.watermark(timer.time)
        out.emit(batch([1]))
      },
    })
    const fire = () => late.onTimer?.({ time: 5, domain: 'event', key: undefined }, sink)
    expect(brokenLaw(fire)).toBe('timers before time')
  })

  it('want ascending barriers, and tables before records', () => {
    const operator = checked()
    operator.onBarrier?.({ kind: 'barrier', epoch: 2 }, sink)
    const again = () => operator.onBarrier?.({ kind: 'barrier', epoch: 2 }, sink)
    expect(brokenLaw(again)).toBe('barriers ascend')
    const unstarted = checkedOperator({ onBatch: () => undefined }, 'o')
    expect(brokenLaw(() => unstarted.onBatch(batch([1]), 0, sink))).toBe('restored before records')
  })

  it('want dead letters to be rows of their batch', () => {
    let given = context
    const refusing = checkedOperator(
      {
        open: (own) => {
          given = own
        },
        onBatch: (each) => given.deadLetter(each, each.length, 'no such row'),
      },
      'o',
    )
    refusing.open?.(context)
    refusing.restored?.()
    expect(brokenLaw(() => refusing.onBatch(batch([1]), 0, sink))).toBe('whole batches')
  })
})
