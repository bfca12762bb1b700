// Temporary folders, a clock that the test sets, and records with their decoder, for connectors.
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { onTestFinished } from 'vitest'
import { valueAt } from '../../engine/batch/index.ts'
import type { Clock } from '../../engine/clock.ts'
import type {
  DecisionStore,
  DecisionStores,
  RecordDecoder,
  SourceRecords,
} from '../../engine/connector.ts'
import { jsonDecoder } from '../../engine/json/index.ts'
import { int32, schema, string } from '../../engine/schema/index.ts'

const encoder = new TextEncoder()

export const NUMBERED = schema({ n: int32(), name: string() })

export function numberedDecoder(): RecordDecoder {
  return jsonDecoder(NUMBERED)
}

/** The JSON text of record n. */
export function numbered(n: number): string {
  return `{"n":${n},"name":"name-${n % 10}"}`
}

export function utf8(text: string): Uint8Array {
  return encoder.encode(text)
}

/** The column `n` of decoded records. */
export function numbersOf(records: SourceRecords | undefined): unknown[] {
  const column = records?.columns[0]
  if (records === undefined || column === undefined) return []
  return Array.from({ length: records.length }, (_, i) => valueAt(column, { kind: 'int32' }, i))
}

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
