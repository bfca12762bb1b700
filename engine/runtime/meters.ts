// Meters: named counters of one slot, by the thing they count at (operator, sink, topic). Plain
// numbers that the main thread turns into metrics; they never influence a result.

export class Meters {
  readonly #counts = new Map<string, Map<string, number>>()

  /** Adds to the counter `name` at `at`. */
  add(name: string, at: string, by: number): void {
    let counters = this.#counts.get(name)
    if (counters === undefined) {
      counters = new Map()
      this.#counts.set(name, counters)
    }
    counters.set(at, (counters.get(at) ?? 0) + by)
  }

  /** All counters as plain data: name → at → count. */
  toJSON(): Record<string, Record<string, number>> {
    return Object.fromEntries(
      [...this.#counts].map(([name, counters]) => [name, Object.fromEntries(counters)]),
    )
  }
}
