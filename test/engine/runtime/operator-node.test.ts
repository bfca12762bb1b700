import { describe, expect, it } from 'vitest'
import { type RecordBatch, rowsOf } from '../../../engine/batch/index.ts'
import type { Element } from '../../../engine/element.ts'
import type { Operator } from '../../../engine/operator.ts'
import { Fault } from '../../../engine/runtime/fault.ts'
import { OperatorNode } from '../../../engine/runtime/operator-node.ts'
import { int32, schema } from '../../../engine/schema/index.ts'
import { rows } from '../../operators/rows.ts'

const numbers = schema({ n: int32() })
const batch = (n: number): RecordBatch => rows(numbers, [{ n }])

/** A node over a part of an operator; what it sends is written down by port. */
function started(operator: Partial<Operator>, inputs = 1, outputs = 1) {
  const fault = new Fault()
  const node = new OperatorNode({
    id: 'node',
    operator: { onBatch: (each, _, out) => out.emit(each), ...operator },
    inputs,
    outputs,
    fault,
  })
  const sent: string[] = []
  node.outputs.forEach((output, port) => {
    const place = outputs === 1 ? '' : `${port}:`
    output.subscribe((element) => sent.push(place + shown(element)))
  })
  const send = (input: number, element: Element) => node.inputs[input]?.next(element)
  const watermark = (input: number, time: number) => send(input, { kind: 'watermark', time })
  return { node, sent, send, watermark, fault }
}

function shown(element: Element): string {
  switch (element.kind) {
    case 'batch':
      return rowsOf(element)
        .map((row) => `n${row.n}`)
        .join()
    case 'watermark':
      return `w${element.time}`
    case 'barrier':
      return `#${element.epoch}`
    default:
      return '$'
  }
}

describe('an operator node', () => {
  it('has the least of its inputs as watermark, which never falls', () => {
    const { node, sent, watermark } = started({}, 2)
    watermark(0, 10)
    expect(sent).toEqual([])
    watermark(1, 5)
    watermark(0, 12)
    watermark(1, 20)
    expect(sent).toEqual(['w5', 'w12'])
    expect(node.watermark).toBe(12)
  })

  it('passes a barrier and the end on once all inputs have it', () => {
    const { sent, send } = started({}, 2, 2)
    send(0, { kind: 'barrier', epoch: 1 })
    expect(sent).toEqual([])
    send(1, { kind: 'barrier', epoch: 1 })
    send(1, { kind: 'end' })
    send(0, { kind: 'end' })
    expect(sent).toEqual(['0:#1', '1:#1', '0:$', '1:$'])
  })

  it('sends what a barrier and the end call forth before them', () => {
    const { sent, send } = started({
      onBarrier: (_, out) => out.emit(batch(1)),
      onEnd: (out) => out.emit(batch(2)),
    })
    send(0, { kind: 'barrier', epoch: 7 })
    send(0, { kind: 'end' })
    expect(sent).toEqual(['n1', '#7', 'n2', '$'])
  })

  it('fires timers up to the watermark, their rows before their time and each time in turn', () => {
    const fired: number[] = []
    const { node, sent, watermark } = started({
      onTimer: ({ time }, out) => {
        fired.push(time)
        out.emit(batch(time))
        if (time === 5) node.timers.schedule(8)
      },
    })
    for (const time of [9, 5, 30]) node.timers.schedule(time)
    watermark(0, 20)
    expect(fired).toEqual([5, 8, 9])
    expect(sent).toEqual(['n5', 'w5', 'n8', 'w8', 'n9', 'w9', 'w20'])
  })

  it('fires a timer of the past at the next step of the watermark', () => {
    const { node, sent, send, watermark } = started({
      onBatch: () => node.timers.schedule(3),
      onTimer: ({ time }, out) => out.emit(batch(time)),
    })
    watermark(0, 10)
    send(0, batch(1))
    expect(sent).toEqual(['w10'])
    watermark(0, 11)
    expect(sent).toEqual(['w10', 'n3', 'w11'])
  })

  it('fires processing timers when a tick says so, and no event timer with them', () => {
    const { node, sent } = started({
      onTimer: ({ time, domain }, out) => {
        expect(domain).toBe('processing')
        out.emit(batch(time))
      },
    })
    node.timers.schedule(1)
    node.timers.schedule(2, undefined, 'processing')
    node.timers.schedule(9, undefined, 'processing')
    node.fireProcessing(5)
    expect(sent).toEqual(['n2'])
  })

  it('passes watermarks on itself only where the operator does not', () => {
    const { sent, watermark } = started({ onWatermark: () => undefined })
    watermark(0, 10)
    expect(sent).toEqual([])
  })

  it('keeps the first error with the record it came from, and takes nothing after it', () => {
    const { sent, send, fault, watermark } = started({
      onBatch: () => {
        throw new Error('broken')
      },
    })
    send(0, rows(numbers, [{ n: 1 }, { n: 2 }], { partition: 4, firstOffset: 7 }))
    expect(fault.isSet).toBe(true)
    send(0, batch(2))
    watermark(0, 10)
    expect(sent).toEqual([])
    expect(() => fault.rethrow()).toThrow(
      /USER_CODE: operator "node" threw: broken; found records 7 to 8 of partition 4/,
    )
  })

  it('sends no empty batch, and refuses an output that it does not have', () => {
    const { sent, send, fault } = started({
      onBatch: (each, _, out) => {
        out.emit(rows(numbers, []))
        out.emit(each, 3)
      },
    })
    send(0, batch(1))
    expect(sent).toEqual([])
    expect(() => fault.rethrow()).toThrow('has no output 3')
  })
})
