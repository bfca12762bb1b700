// A job that stands still for long on its first record, as user code may: for tests of signals.
import { writeSync } from 'node:fs'
import { filter, job, lakeTable } from 'millrace'
import { orders } from '../../jobs/bitebridge/topics.ts'

const STANDS_STILL_MS = 15_000
let isFirst = true

function standStill(): boolean {
  if (!isFirst) return true
  isFirst = false
  writeSync(2, 'standing still\n')
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, STANDS_STILL_MS)
  return true
}

export default job('slow', ({ from, to }) => {
  to(from(orders).pipe(filter(standStill)), lakeTable('raw/orders'))
})
