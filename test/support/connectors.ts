// Temporary folders, a clock that the test sets, and records with their decoder, for connectors.
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { onTestFinished } from 'vitest'
import { valueAt } from '../../engine/batch/index.ts'
import type { Clock } from '../../engine/clock.ts'
import type { RecordDecoder, SourceRecords } from '../../engine/connector.ts'
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
