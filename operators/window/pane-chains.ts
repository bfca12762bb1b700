// PaneChains: the live panes by their start; panes of the same start that enter later are chained.
import type { Pane } from './pane.ts'

export class PaneChains {
  /** The pane that starts last of all there were. */
  newest: Pane | undefined = undefined
  readonly #byStart = new Map<number, Pane>()

  find(start: number, entersAt: number): Pane | undefined {
    let pane = this.#byStart.get(start)
    while (pane !== undefined && pane.entersAt !== entersAt) pane = pane.later
    return pane
  }

  /** All live panes, in no order. */
  *[Symbol.iterator](): Iterator<Pane> {
    for (const first of this.#byStart.values()) {
      for (let pane: Pane | undefined = first; pane !== undefined; pane = pane.later) yield pane
    }
  }

  /** @param pane one that is not there yet */
  add(pane: Pane): void {
    pane.later = this.#byStart.get(pane.start)
    this.#byStart.set(pane.start, pane)
    if (this.newest === undefined || pane.start > this.newest.start) this.newest = pane
  }

  remove(pane: Pane): void {
    const first = this.#byStart.get(pane.start)
    if (first === pane) {
      if (pane.later === undefined) this.#byStart.delete(pane.start)
      else this.#byStart.set(pane.start, pane.later)
      return
    }
    for (let other = first; other !== undefined; other = other.later) {
      if (other.later === pane) other.later = pane.later
    }
  }
}
