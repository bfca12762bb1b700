// Runs a whole job in this process: real planner, slots, operators, state and commits, with topics in
// memory. Slots run side by side on one thread; a run can be cut after some batches and resumed.
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { JobStore } from '../../engine/checkpoint/index.ts'
import { systemClock } from '../../engine/clock.ts'
import { type Job, planJob, type Topic } from '../../engine/graph/index.ts'

import { checkedOperator } from '../../engine/observe/index.ts'
import { type Deployment, Slot, SlotControl, type SlotStatus } from '../../engine/runtime/index.ts'
import { CollectingSink, type Row } from './collecting-sink.ts'
import { LineSource } from './line-source.ts'

export interface HarnessOptions {
  /** Lines of each topic by partition. */
  readonly topics: Readonly<Record<string, string[][]>>
  readonly batchRecords?: number
  readonly slots?: number
  readonly epochMs?: number
  /** Stops all slots after a last epoch once so many lines were read in this run. */
  readonly stopAfterLines?: number
}

export class JobHarness {
  /** Decided rows by sink name, and `dead-letters`. */
  readonly rows: Record<string, Row[]> = {}
  readonly folder = mkdtempSync(join(tmpdir(), 'millrace-job-'))
  statuses: readonly SlotStatus[] = []
  readonly #job: Job

  constructor(job: Job) {
    this.#job = job
  }

  /** Runs to the end of the topics, or until it is to stop. A later run goes on from there. */
  async run(options: HarnessOptions): Promise<void> {
    const store = JobStore.open(join(this.folder, 'run'))
    const slots = options.slots ?? 1
    const logical = this.#job.build()
    const controls = Array.from({ length: slots }, () => new SlotControl())
    let linesLeft = options.stopAfterLines ?? Number.POSITIVE_INFINITY
    const onLines = (count: number) => {
      linesLeft -= count
      if (linesLeft <= 0) for (const control of controls) control.stop()
    }
    const deployment = this.#deployment(options, onLines)
    const plan = planJob(logical, (topic) => deployment.source(topic).partitions)
    const claim = store.claim({
      job: logical.name,
      slots,
      topology: { stages: plan.stages.length },
    })
    const running = controls.map((control, slot) => {
      return new Slot({
        plan,
        deployment: this.#deployment(options, onLines),
        store: store.slot(slot, claim),
        decided: store.reader(),
        settings: {
          slot,
          claim,
          mode: 'bounded',
          epochMicros: (options.epochMs ?? 5) * 1000,
          heartbeatMicros: 1_000_000,
        },
        control,
        clock: systemClock,
        wrap: checkedOperator,
      })
    })
    await Promise.all(running.map((slot) => slot.run()))
    this.statuses = running.map((slot) => slot.status())
    await store.reader().close()
  }

  dispose(): void {
    rmSync(this.folder, { recursive: true, force: true })
  }

  #deployment(options: HarnessOptions, onLines: (count: number) => void): Deployment {
    const { batchRecords } = options
    return {
      source: (topic: Topic) =>
        new LineSource(
          options.topics[topic.name] ?? [[]],
          batchRecords === undefined ? { onLines } : { batchRecords, onLines },
        ),
      sink: (sink) => ({ kind: 'decision', sink: this.#sink(sink.description.name) }),
      ownTopic: (name) => this.#sink(name),
      close: async () => {},
    }
  }

  #sink(name: string): CollectingSink {
    const rows = this.rows[name] ?? []
    this.rows[name] = rows
    return new CollectingSink(rows)
  }
}
