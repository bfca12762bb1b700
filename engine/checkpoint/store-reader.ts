// StoreReader: read-only look into a job's store, for the CLI and HTTP. Each call reads one snapshot
// of what was decided; no read transaction outlives a call (an iteration that is left early ends its
// own).

import type { DecisionStore } from '../connector.ts'
import type { Entry, Environment } from './environment.ts'
import type { PreviousLineage } from './epoch.ts'
import { corruptStore, readJob, readSlot, readTasks, readTerm } from './job-records.ts'

/** What a store says of its job. */
export interface JobFacts {
  readonly job: string
  readonly lineage: string
  readonly term: number
  readonly slots: number
  /** Last decided epoch of each slot. */
  readonly epochs: readonly number[]
  /** Committables that wait for delivery, of each slot. */
  readonly undelivered: readonly number[]
  readonly topology: unknown
  readonly previous: PreviousLineage | undefined
}

/** One stored table of a task. */
export interface TableFacts {
  readonly taskId: string
  readonly operatorId: string
  readonly table: string
  /** Rows of all segments: an upper bound of the live ones. */
  readonly rows: number
  readonly bytes: number
  readonly segments: number
}

export class StoreReader {
  readonly #env: Environment

  constructor(env: Environment) {
    this.#env = env
  }

  get(store: DecisionStore, key: Uint8Array): Uint8Array | undefined {
    return this.#env.get(store, key)
  }

  /** The greatest key below `key` with its value. */
  before(store: DecisionStore, key: Uint8Array): Entry | undefined {
    return this.#env.before(store, key)
  }

  /** Entries with from ≤ key < to, ascending; the bytes are copies. */
  range(store: DecisionStore, from?: Uint8Array, to?: Uint8Array): Iterable<Entry> {
    return this.#env.range(store, from, to)
  }

  /** Undefined before the first claim. @throws StateCorruptError */
  job(): JobFacts | undefined {
    const record = readJob(this.#env)
    if (record === undefined) return undefined
    const term = readTerm(this.#env)
    if (term === undefined) throw corruptStore(this.#env.folder, 'the term', 'none')
    const { job, lineage, slots, topology, previous } = record
    const records = Array.from({ length: slots }, (_, slot) => readSlot(this.#env, lineage, slot))
    return {
      job,
      lineage,
      term: term.term,
      slots,
      epochs: records.map(({ epoch }) => epoch),
      undelivered: records.map(({ pending }) => pending.length),
      topology,
      previous,
    }
  }

  tables(): TableFacts[] {
    return readTasks(this.#env).flatMap(({ manifest: { taskId, tables } }) =>
      tables.map(({ operatorId, table, segments }) => ({
        taskId,
        operatorId,
        table,
        rows: segments.reduce((sum, { rows }) => sum + rows, 0),
        bytes: segments.reduce((sum, { bytes }) => sum + bytes, 0),
        segments: segments.length,
      })),
    )
  }

  async close(): Promise<void> {
    await this.#env.close()
  }
}
