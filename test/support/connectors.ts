// Temporary folders, a clock that the test sets, and stores in memory, for connectors.
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { onTestFinished } from 'vitest'
import type { Clock } from '../../engine/clock.ts'
import type { DecisionStore, DecisionStores } from '../../engine/connector.ts'

export { NUMBERED, numbered, numberedDecoder, numbersOf, utf8 } from './decoders.ts'

/** A folder that is removed after the test. */
export function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'millrace-'))
  onTestFinished(() => {
    rmSync(folder, { recursive: true, force: true })
  })
  return folder
}

/** A clock that stands still until the test moves it. */
export class TestClock implements Clock {
  micros = 1_700_000_000_000_000
  #delays: { readonly dueMicros: number; run(): void }[] = []

  nowMicros(): number {
    return this.micros
  }

  elapsedMs(): number {
    return this.micros / 1000
  }

  delay(ms: number): Promise<void> {
    return new Promise((resolve) => {
      this.#delays.push({ dueMicros: this.micros + ms * 1000, run: resolve })
    })
  }

  every(): () => void {
    return () => undefined
  }

  advance(ms: number): void {
    this.micros += ms * 1000
    const due = this.#delays.filter((delay) => delay.dueMicros <= this.micros)
    this.#delays = this.#delays.filter((delay) => delay.dueMicros > this.micros)
    for (const delay of due) delay.run()
  }
}

/** Ordered stores in memory with the contract of the deciding transaction's. */
export class MemoryStores implements DecisionStores {
  readonly #entries = new Map<DecisionStore, Map<string, Uint8Array>>()

  get(store: DecisionStore, key: Uint8Array): Uint8Array | undefined {
    return this.#store(store).get(hex(key))
  }

  put(store: DecisionStore, key: Uint8Array, value: Uint8Array): void {
    this.#store(store).set(hex(key), Uint8Array.from(value))
  }

  remove(store: DecisionStore, key: Uint8Array): void {
    this.#store(store).delete(hex(key))
  }

  before(store: DecisionStore, key: Uint8Array) {
    return [...this.#range(store, '', hex(key))].at(-1)
  }

  /** The reading methods of one store. */
  view(store: DecisionStore) {
    return {
      get: (key: Uint8Array) => this.get(store, key),
      before: (key: Uint8Array) => this.before(store, key),
      range: (from: Uint8Array, to: Uint8Array) => this.#range(store, hex(from), hex(to)),
    }
  }

  *#range(store: DecisionStore, from: string, to: string) {
    for (const [key, value] of [...this.#store(store)].sort(([a], [b]) => (a < b ? -1 : 1))) {
      if (key >= from && key < to) yield { key: Uint8Array.from(Buffer.from(key, 'hex')), value }
    }
  }

  #store(name: DecisionStore): Map<string, Uint8Array> {
    const store = this.#entries.get(name) ?? new Map<string, Uint8Array>()
    this.#entries.set(name, store)
    return store
  }
}

function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('hex')
}
