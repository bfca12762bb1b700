// CollectingSink: keeps the rows of decided epochs in an array that outlives the sink, as a topic
// would. Rows of an epoch that was not decided are lost with the sink.
import { Change, type RecordBatch, rowsOf } from '../../engine/batch/index.ts'
import type { DecisionSink, DecisionWriter } from '../../engine/connector.ts'

export type Row = Readonly<Record<string, unknown>>

const SIGNS = ['+I', '-U', '+U', '-D'] as const

export class CollectingSink implements DecisionSink {
  readonly #decided: Row[]
  #waiting: Row[] = []

  constructor(decided: Row[]) {
    this.#decided = decided
  }

  write(batch: RecordBatch): void {
    const rows = rowsOf(batch)
    const { changes } = batch
    this.#waiting.push(
      ...rows.map((row, i) =>
        changes === undefined ? row : { op: SIGNS[changes[i] ?? Change.insert], ...row },
      ),
    )
  }

  ready(): undefined {
    return undefined
  }

  async flush(decision: DecisionWriter): Promise<void> {
    const rows = this.#waiting
    this.#waiting = []
    decision.during(() => {
      this.#decided.push(...rows)
    })
  }

  async recover(): Promise<void> {}

  async close(): Promise<void> {}
}
