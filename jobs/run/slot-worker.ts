// The thread of one slot: loads the job, binds it, runs the loop, reports to the main thread.
import { parentPort, workerData } from 'node:worker_threads'
import type { Claim } from '../../engine/checkpoint/index.ts'
import { JobStore } from '../../engine/checkpoint/index.ts'
import { systemClock } from '../../engine/clock.ts'
import { planJob } from '../../engine/graph/index.ts'
import { Slot, SlotControl, type SlotMessage, slotError } from '../../engine/runtime/index.ts'
import { jobFolder } from './data-folder.ts'
import { EmbeddedDeployment } from './embedded-deployment.ts'
import { loadJob } from './job-file.ts'
import { openSinks, type RunOptions } from './run-options.ts'

/** What the main thread hands over. */
export interface SlotWorkerData {
  readonly options: RunOptions
  readonly claim: Claim
  readonly slot: number
  readonly shared: SharedArrayBuffer
}

/** Milliseconds between two reports. */
const STATUS_EVERY_MS = 250
/** Milliseconds after which an epoch without records is committed all the same. */
const HEARTBEAT_MS = 10_000

async function run(data: SlotWorkerData, post: (message: SlotMessage) => void): Promise<void> {
  const { options, claim, slot } = data
  const loaded = await loadJob(options.jobFile)
  const store = JobStore.open(jobFolder(options.data, loaded.name).run)
  const logical = loaded.build()
  const deployment = await EmbeddedDeployment.open(options, logical)
  const plan = planJob(logical, (topic) => deployment.source(topic).partitions, openSinks(options))
  const running = new Slot({
    plan,
    deployment,
    store: store.slot(slot, claim),
    decided: store.reader(),
    settings: {
      slot,
      claim,
      mode: options.mode,
      from: options.from === 'latest' ? 'latest' : 'earliest',
      epochMicros: options.epochMs * 1000,
      heartbeatMicros: HEARTBEAT_MS * 1000,
    },
    control: new SlotControl(data.shared),
    clock: systemClock,
    ...(options.check ? { wrap: await lawChecker() } : {}),
  })
  post({ kind: 'up' })
  const stopReporting = systemClock.every(STATUS_EVERY_MS, () => {
    post({ kind: 'status', status: running.status() })
  })
  try {
    const end = await running.run()
    stopReporting()
    // Before the log is closed: the status tells how far its ends are.
    const status = running.status()
    await deployment.close()
    await store.reader().close()
    post({ kind: 'ended', end, status })
  } finally {
    stopReporting()
  }
}

/** Loaded only where it is asked for: a slot needs nothing else of what the folder brings along. */
async function lawChecker() {
  const { checkedOperator } = await import('../../engine/observe/index.ts')
  return checkedOperator
}

const port = parentPort
if (port !== null) {
  const data: SlotWorkerData = workerData
  run(data, (message) => port.postMessage(message)).catch((error: unknown) => {
    port.postMessage({ kind: 'failed', error: slotError(error) } satisfies SlotMessage)
  })
}
