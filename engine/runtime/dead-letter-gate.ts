// DeadLetterGate (law 7): halts the job when too many records of one partition are refused: more than
// shareMax × windowRecords of the records whose offsets lie in one run of `windowRecords`. Decided
// record by record, so batches and restarts change nothing.
import type { RejectedRecord } from '../connector.ts'
import { GateError } from '../errors.ts'
import type { DeadLetterLimit } from '../graph/index.ts'

/** What the gate must remember across restarts. */
export interface GateState {
  /** Number of the run of offsets. */
  readonly run: number
  /** Refused records in it so far. */
  readonly rejected: number
}

export class DeadLetterGate {
  readonly #limit: DeadLetterLimit
  #run: number
  #rejected: number

  constructor(limit: DeadLetterLimit, restored: GateState) {
    this.#limit = limit
    this.#run = restored.run
    this.#rejected = restored.rejected
  }

  get state(): GateState {
    return { run: this.#run, rejected: this.#rejected }
  }

  /** @throws GateError DEAD_LETTER_GATE at the record that closes the gate */
  take(place: string, records: readonly RejectedRecord[]): void {
    const { shareMax, windowRecords } = this.#limit
    for (const { offset, code, reason } of records) {
      const run = Math.floor(offset / windowRecords)
      if (run !== this.#run) {
        this.#run = run
        this.#rejected = 0
      }
      this.#rejected++
      if (this.#rejected <= shareMax * windowRecords) continue
      throw new GateError({
        code: 'DEAD_LETTER_GATE',
        message: `too many records of ${place} are refused`,
        expected: `at most ${shareMax * 100} % of ${windowRecords} records`,
        found: `${this.#rejected} up to offset ${offset}, the last one: ${code}: ${reason}`,
        remedy: 'Correct the producer or the schema, or raise the limit; nothing was lost.',
      })
    }
  }
}
