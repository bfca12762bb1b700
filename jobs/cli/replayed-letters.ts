// ReplayedLetters: which dead letters of a job were replayed, in `<job>/dead-letters-replayed.json`:
// ranges of offsets by partition of the dead-letter topic. Written whole to another file, then renamed.
import { existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { jobFolder } from '../run/data-folder.ts'
import type { DeadLetter } from './dead-letter-records.ts'

/** First offset and the one after the last. */
type Range = readonly [from: number, to: number]

export class ReplayedLetters {
  readonly #path: string
  readonly #ranges: Map<number, Range[]>

  constructor(data: string, job: string) {
    this.#path = join(jobFolder(data, job).root, 'dead-letters-replayed.json')
    const stored: Readonly<Record<string, Range[]>> = existsSync(this.#path)
      ? JSON.parse(readFileSync(this.#path, 'utf8'))
      : {}
    this.#ranges = new Map(Object.entries(stored).map(([partition, r]) => [Number(partition), r]))
  }

  has({ place }: Pick<DeadLetter, 'place'>): boolean {
    const ranges = this.#ranges.get(place.partition) ?? []
    return ranges.some(([from, to]) => from <= place.offset && place.offset < to)
  }

  /** Remembers them durably enough for a person's tool: the file is replaced whole. */
  add(letters: readonly Pick<DeadLetter, 'place'>[]): void {
    for (const { place } of letters) {
      const ranges = this.#ranges.get(place.partition) ?? []
      this.#ranges.set(place.partition, ranges)
      ranges.push([place.offset, place.offset + 1])
    }
    for (const [partition, ranges] of this.#ranges) this.#ranges.set(partition, merged(ranges))
    const temporary = `${this.#path}.new`
    writeFileSync(temporary, `${JSON.stringify(Object.fromEntries(this.#ranges))}\n`)
    renameSync(temporary, this.#path)
  }
}

/** Ascending ranges without overlaps. */
function merged(ranges: readonly Range[]): Range[] {
  const sorted = [...ranges].sort(([a], [b]) => a - b)
  const result: Range[] = []
  for (const [from, to] of sorted) {
    const last = result.at(-1)
    if (last !== undefined && from <= last[1]) {
      result[result.length - 1] = [last[0], Math.max(last[1], to)]
    } else result.push([from, to])
  }
  return result
}
