// ProgressSamples: how many events a run had taken when, and the rates that follow from it.
import { perSecond } from './statistics.ts'

/** Milliseconds between two looks: shorter than the slots' interval of reports. */
export const LOOK_EVERY_MS = 40

interface Sample {
  readonly atMs: number
  readonly events: number
}

export class ProgressSamples {
  readonly #start: Sample
  readonly #samples: Sample[] = []

  constructor(startedMs: number) {
    this.#start = { atMs: startedMs, events: 0 }
  }

  add(atMs: number, events: number): void {
    this.#samples.push({ atMs, events })
  }

  /** Events per second of the first fifth of `events`, and from there to nine tenths. */
  rates(events: number): { readonly firstPerSecond: number; readonly steadyPerSecond: number } {
    const warm = this.#after(events * 0.2)
    const late = this.#after(events * 0.9)
    return {
      firstPerSecond: rateBetween(this.#start, warm),
      steadyPerSecond: rateBetween(warm, late),
    }
  }

  #after(events: number): Sample | undefined {
    return this.#samples.find((sample) => sample.events >= events)
  }
}

/** 0 where the run was too short to tell. */
function rateBetween(from: Sample | undefined, to: Sample | undefined): number {
  if (from === undefined || to === undefined || to.events <= from.events) return 0
  return perSecond(to.events - from.events, to.atMs - from.atMs)
}
