import { expect, it } from 'vitest'
import type { RejectedRecord } from '../../../engine/connector.ts'
import { DeadLetterGate } from '../../../engine/runtime/dead-letter-gate.ts'

const refused = (...offsets: number[]): RejectedRecord[] =>
  offsets.map((offset) => ({ offset, code: 'JSON_SYNTAX', reason: 'cut', raw: new Uint8Array(0) }))

const limit = { shareMax: 0.2, windowRecords: 10 }
const fresh = { run: 0, rejected: 0 }

it('stays open at the share and closes at the record above it', () => {
  const gate = new DeadLetterGate(limit, fresh)
  gate.take('orders/0', refused(1, 5))
  expect(() => gate.take('orders/0', refused(9))).toThrow(/DEAD_LETTER_GATE.*offset 9/)
})

it('counts each run of offsets for itself', () => {
  const gate = new DeadLetterGate(limit, fresh)
  gate.take('orders/0', refused(8, 9, 10, 11, 20, 29))
  expect(gate.state).toEqual({ run: 2, rejected: 2 })
})

it('goes on from what it remembered, however the records were cut into batches', () => {
  const first = new DeadLetterGate(limit, fresh)
  first.take('orders/0', refused(1))
  first.take('orders/0', refused(2))
  const second = new DeadLetterGate(limit, first.state)
  expect(() => second.take('orders/0', refused(3))).toThrow('DEAD_LETTER_GATE')
})
