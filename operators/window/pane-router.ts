// PaneRouter: says for every record of a batch which pane it belongs to, or that it is late for all
// its windows (law 4: by its own channel's watermark just before it). Pure arithmetic with the last
// pane remembered, because neighbours in a batch nearly always share one.
import type { RecordBatch } from '../../engine/batch/index.ts'
import { BATCH_RECORDS_MAX } from '../../engine/limits.ts'
import {
  expiryTime,
  firstOpenEnd,
  firstWindowEnd,
  lastWindowEnd,
  paneStart,
  type WindowFrame,
} from '../../engine/window/index.ts'

export class PaneRouter {
  /** By record of the batch that was routed last. */
  readonly starts = new Float64Array(BATCH_RECORDS_MAX)
  /** End of the first window that takes the record; NaN when it is late for all. */
  readonly entersAt = new Float64Array(BATCH_RECORDS_MAX)
  readonly #frame: WindowFrame

  constructor(frame: WindowFrame) {
    this.#frame = frame
  }

  /** Fills `starts` and `entersAt`; gives how many records are late for all their windows. */
  route(batch: RecordBatch): number {
    const frame = this.#frame
    const { eventTimes, watermarksBefore, length } = batch
    const { starts, entersAt } = this
    let late = 0
    let start = Number.NaN
    let end = Number.NaN
    let firstEnd = Number.NaN
    let closes = Number.NaN
    for (let i = 0; i < length; i++) {
      const time = eventTimes[i]!
      if (!(time >= start && time < end)) {
        start = paneStart(frame, time)
        end = start + frame.pane
        firstEnd = firstWindowEnd(frame, start)
        closes = expiryTime(frame, firstEnd)
      }
      starts[i] = start
      if (watermarksBefore[i]! < closes) {
        entersAt[i] = firstEnd
        continue
      }
      const open = firstOpenEnd(frame, firstEnd, watermarksBefore[i]!)
      const isLate = open > lastWindowEnd(frame, start)
      entersAt[i] = isLate ? Number.NaN : open
      if (isLate) late++
    }
    return late
  }
}
