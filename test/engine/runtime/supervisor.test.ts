// When a job is started again, and when it is not.
import { expect, test } from 'vitest'
import type { Claim } from '../../../engine/checkpoint/index.ts'
import { type Clock, systemClock } from '../../../engine/clock.ts'
import { StateCorruptError } from '../../../engine/errors.ts'
import { RESTARTS_FORGOTTEN_MS, RESTARTS_MAX } from '../../../engine/limits.ts'
import { type JobState, Supervisor } from '../../../engine/runtime/index.ts'

const CLAIM: Claim = {
  job: 'job',
  lineage: 'a',
  term: 1,
  slots: 1,
  epochs: [0],
  start: 'fresh',
  previous: undefined,
  accepted: ['a'],
}

/** A slot that comes up, meets a passing fault, and waits to be ended. */
const FAULTY_SLOT = new URL(
  `data:text/javascript,${encodeURIComponent(`
  import { parentPort } from 'node:worker_threads'
  const error = { name: 'RetryableError', code: 'PASSING', message: 'PASSING: a fault', stack: '' }
  parentPort.postMessage({ kind: 'up' })
  parentPort.postMessage({ kind: 'failed', error: { ...error, isRetryable: true } })
  parentPort.on('message', () => {})
`)}`,
)

/** Pauses between restarts take no time; a run lasts as long as `runMs` says. */
function supervise(claim: () => Claim, runMs: (run: number) => number) {
  let nowMs = 0
  let runs = 0
  const clock: Clock = {
    nowMicros: () => nowMs * 1000,
    elapsedMs: () => nowMs,
    delay: () => Promise.resolve(),
    every: () => () => {},
  }
  const onState = (state: JobState): void => {
    if (state === 'running') nowMs += runMs(runs++)
  }
  return new Supervisor({ worker: FAULTY_SLOT, claim, workerData: () => ({}), clock, onState })
}

test('gives up after restarts that follow each other', { timeout: 30_000 }, async () => {
  const supervisor = supervise(
    () => CLAIM,
    () => RESTARTS_FORGOTTEN_MS - 1,
  )
  expect(await supervisor.run()).toBe('failed')
  expect(supervisor.restarts).toBe(RESTARTS_MAX)
  expect(supervisor.error).toMatchObject({ code: 'PASSING' })
})

test('forgets earlier restarts once a run has lasted', { timeout: 30_000 }, async () => {
  const lasting = 3
  const supervisor = supervise(
    () => CLAIM,
    (run) => (run === lasting ? RESTARTS_FORGOTTEN_MS : 0),
  )
  expect(await supervisor.run()).toBe('failed')
  expect(supervisor.restarts).toBe(lasting + RESTARTS_MAX)
})

/** Slot 0 works until it is told to leave and notes that it did; slot 1 fails. */
const TWO_SLOTS = new URL(
  `data:text/javascript,${encodeURIComponent(`
  import { parentPort, workerData } from 'node:worker_threads'
  const words = new Int32Array(workerData.shared)
  parentPort.postMessage({ kind: 'up' })
  if (workerData.slot === 1) {
    const error = { name: 'Error', code: 'BROKEN', message: 'BROKEN: a slot', stack: '' }
    parentPort.postMessage({ kind: 'failed', error: { ...error, isRetryable: false } })
  } else {
    const leave = () => {
      if (Atomics.load(words, 0) !== 2) return
      clearInterval(loop)
      Atomics.store(new Int32Array(workerData.left), 0, 1)
      parentPort.postMessage({ kind: 'ended', end: 'abandoned', status: {} })
    }
    const loop = setInterval(leave, 50)
  }
`)}`,
)

test('lets the other slots leave their loops before it ends their threads', async () => {
  const left = new SharedArrayBuffer(4)
  const supervisor = new Supervisor({
    worker: TWO_SLOTS,
    claim: () => ({ ...CLAIM, slots: 2, epochs: [0, 0] }),
    workerData: (slot) => ({ slot, left }),
    clock: systemClock,
  })
  expect(await supervisor.run()).toBe('failed')
  expect(supervisor.error).toMatchObject({ code: 'BROKEN' })
  expect(new Int32Array(left)[0]).toBe(1)
})

test('fails by name when a restart can not claim the store', async () => {
  let claims = 0
  const supervisor = supervise(
    () => {
      if (claims++ === 0) return CLAIM
      throw new StateCorruptError({ code: 'STORE_CORRUPT', message: 'a page is damaged' })
    },
    () => 0,
  )
  expect(await supervisor.run()).toBe('failed')
  expect(supervisor.error).toMatchObject({
    name: 'StateCorruptError',
    code: 'STORE_CORRUPT',
    message: 'STORE_CORRUPT: a page is damaged',
  })
})
