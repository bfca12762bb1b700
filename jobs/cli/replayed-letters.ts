// ReplayedLetters: which dead letters of a job were replayed, in `<job>/dead-letters-replayed.json`:
// ranges of offsets by partition of the dead-letter topic. A job that began anew has another topic of
// the same name, told by when it was created; what was replayed of the old one is forgotten.
import { existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { jobFolder } from '../run/data-folder.ts'
import type { DeadLetter } from './dead-letter-records.ts'

/** First offset and the one after the last. */
type Range = readonly [from: number, to: number]

interface Stored {
  /** When the dead-letter topic was created, epoch microseconds. */
  readonly topicCreated: number
  readonly replayed: Readonly<Record<string, Range[]>>
}

export class ReplayedLetters {
  readonly #path: string
  readonly #topicCreated: number
  readonly #ranges: Map<number, Range[]>

  constructor(data: string, job: string, topicCreated: number) {
    this.#path = join(jobFolder(data, job).root, 'dead-letters-replayed.json')
    this.#topicCreated = topicCreated
    const stored: Stored = existsSync(this.#path)
      ? JSON.parse(readFileSync(this.#path, 'utf8'))
      : { topicCreated, replayed: {} }
    const known = stored.topicCreated === topicCreated ? Object.entries(stored.replayed) : []
    this.#ranges = new Map(known.map(([partition, ranges]) => [Number(partition), ranges]))
  }

  has({ place }: Pick<DeadLetter, 'place'>): boolean {
    const ranges = this.#ranges.get(place.partition) ?? []
    return ranges.some(([from, to]) => from <= place.offset && place.offset < to)
  }

  /** Remembers them. The file is replaced whole, so a crash leaves the old one or the new one. */
  add(letters: readonly Pick<DeadLetter, 'place'>[]): void {
    for (const { place } of letters) {
      const ranges = this.#ranges.get(place.partition) ?? []
      this.#ranges.set(place.partition, ranges)
      ranges.push([place.offset, place.offset + 1])
    }
    for (const [partition, ranges] of this.#ranges) this.#ranges.set(partition, merged(ranges))
    const temporary = `${this.#path}.new`
    const replayed = Object.fromEntries(this.#ranges)
    const stored: Stored = { topicCreated: this.#topicCreated, replayed }
    writeFileSync(temporary, `${JSON.stringify(stored)}\n`)
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
