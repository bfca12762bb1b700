// PaneTimeline: when panes enter windows, leave them and retire, and the timers for that. It is
// derived from the panes and the clock; only the runtime's timers are stored.
import type { Timers } from '../../engine/operator.ts'
import { closingTime, expiryTime, type WindowFrame } from '../../engine/window/index.ts'
import { isBefore } from './key-rows.ts'
import type { Pane } from './pane.ts'
import type { WindowClock } from './window-clock.ts'

export class PaneTimeline {
  /** Set by `open`. */
  timers: Timers | undefined = undefined
  readonly #frame: WindowFrame
  readonly #clock: WindowClock
  /** Panes by the window that they enter with, and by the last window that holds them. */
  readonly #entering = new Map<number, Pane[]>()
  readonly #ending = new Map<number, Pane[]>()
  /** Ends of the windows whose timers are set and have not fired. */
  readonly #pending = new Set<number>()

  constructor(frame: WindowFrame, clock: WindowClock) {
    this.#frame = frame
    this.#clock = clock
  }

  /** Takes a new pane in. One whose first windows have fired enters with the next window. */
  register(pane: Pane): void {
    const { allowedLateness, slide } = this.#frame
    const { firedEnd } = this.#clock
    const enters = pane.entersAt > firedEnd ? pane.entersAt : firedEnd + slide
    append(this.#ending, pane.lastEnd, pane)
    if (allowedLateness > 0) this.timers?.schedule(expiryTime(this.#frame, pane.lastEnd))
    if (enters > pane.lastEnd) {
      pane.phase = 'left'
      return
    }
    append(this.#entering, enters, pane)
    this.fireAt(enters)
  }

  /** Lets the window ending at `end` fire. */
  fireAt(end: number): void {
    if (this.#pending.has(end)) return
    this.#pending.add(end)
    this.timers?.schedule(closingTime(end))
  }

  /** True when the window ending at `end` was waiting to fire; it no longer is. */
  takeFiring(end: number): boolean {
    return this.#pending.delete(end)
  }

  /** The panes that enter with a window, in order of their start. */
  takeEntering(end: number): Pane[] {
    const panes = this.#entering.get(end) ?? []
    this.#entering.delete(end)
    return panes.sort((a, b) => (isBefore(a, b) ? -1 : 1))
  }

  /** The panes whose last window ends at `end`. */
  ending(end: number): readonly Pane[] {
    return this.#ending.get(end) ?? []
  }

  takeEnding(end: number): readonly Pane[] {
    const panes = this.ending(end)
    this.#ending.delete(end)
    return panes
  }
}

function append(panes: Map<number, Pane[]>, end: number, pane: Pane): void {
  const known = panes.get(end)
  if (known === undefined) panes.set(end, [pane])
  else known.push(pane)
}
