// runSlot: a whole job in one slot of this process: the real planner, loop, operators and state in a
// real store, with records that are columns already and sinks that count. What is left out is the
// reading of bytes and the worker thread.
import { join } from 'node:path'
import { JobStore } from '../../engine/checkpoint/index.ts'
import { systemClock } from '../../engine/clock.ts'
import type { DecisionSink, Source } from '../../engine/connector.ts'
import { type Job, planJob } from '../../engine/graph/index.ts'
import { type Deployment, Slot, SlotControl } from '../../engine/runtime/index.ts'
import { LOOK_EVERY_MS, ProgressSamples } from './progress-samples.ts'
import { perSecond, type Spread, spread } from './statistics.ts'

export interface SlotRun {
  readonly events: number
  readonly rows: number
  readonly seconds: number
  readonly eventsPerSecond: number
  readonly firstPerSecond: number
  readonly steadyPerSecond: number
  readonly eventsPerCpuSecond: number
  readonly pauseMs: Spread
  readonly epochs: number
}

/** Runs a job whose topics all come from `source` to its end. */
export async function runSlot(
  job: Job,
  source: Source,
  place: { readonly folder: string; readonly epochMs: number },
): Promise<SlotRun> {
  const store = JobStore.open(join(place.folder, 'run'))
  const logical = job.build()
  const plan = planJob(logical, () => source.partitions)
  const claim = store.claim({ job: logical.name, slots: 1, topology: {} })
  const deployment = new CountingDeployment(source)
  const slot = new Slot({
    plan,
    deployment,
    store: store.slot(0, claim),
    decided: store.reader(),
    settings: {
      slot: 0,
      claim,
      mode: 'bounded',
      epochMicros: place.epochMs * 1000,
      heartbeatMicros: 10_000_000,
    },
    control: new SlotControl(),
    clock: systemClock,
  })
  const cpu = process.cpuUsage()
  const started = systemClock.elapsedMs()
  const samples = new ProgressSamples(started)
  const pauses: number[] = []
  const look = () => {
    const status = slot.status()
    pauses.push(...status.epochDurations)
    samples.add(systemClock.elapsedMs(), status.recordsIn)
    return status
  }
  const stopLooking = systemClock.every(LOOK_EVERY_MS, look)
  await slot.run()
  stopLooking()
  const elapsedMs = systemClock.elapsedMs() - started
  const used = process.cpuUsage(cpu)
  const status = look()
  await store.close()
  return {
    events: status.recordsIn,
    rows: deployment.rows,
    seconds: elapsedMs / 1000,
    eventsPerSecond: perSecond(status.recordsIn, elapsedMs),
    ...samples.rates(status.recordsIn),
    eventsPerCpuSecond: perSecond(status.recordsIn, (used.user + used.system) / 1000),
    pauseMs: spread(pauses),
    epochs: status.epoch,
  }
}

class CountingDeployment implements Deployment {
  rows = 0
  readonly #source: Source

  constructor(source: Source) {
    this.#source = source
  }

  source(): Source {
    return this.#source
  }

  sink() {
    const sink = counter((rows) => {
      this.rows += rows
    })
    return { kind: 'decision', sink } as const
  }

  ownTopic(name: string): DecisionSink {
    return counter(() => {
      throw new Error(`a bench has no ${name}`)
    })
  }

  async close(): Promise<void> {}
}

function counter(count: (rows: number) => void): DecisionSink {
  return {
    write: (batch) => count(batch.length),
    ready: () => undefined,
    flush: async () => {},
    recover: async () => {},
    close: async () => {},
  }
}
