// generatorSource: made records as a topic. Record n of partition p is a function of (seed, p, n),
// so a run goes on anywhere and gives the same records again. As fast as they are asked for, or
// paced by the clock; with a total it ends. Records are made as bytes (and decoded) or as columns
// at once.
import { ByteWriter, type Column } from '../../engine/batch/index.ts'
import { type Clock, type Random, systemClock } from '../../engine/clock.ts'
import type {
  PartitionReader,
  RecordDecoder,
  Source,
  SourceRecords,
} from '../../engine/connector.ts'
import { ConfigError } from '../../engine/errors.ts'
import { BATCH_RECORDS_MAX } from '../../engine/limits.ts'
import { RecordRandom } from './record-random.ts'

/** Milliseconds that a paced reader waits for the next records. */
const PACE_DELAY_MS = 2

export interface GeneratorOptions {
  readonly seed: number
  readonly partitions: number
  /** Records of all partitions together; absent: without end. */
  readonly total?: number
  /** Records per second of all partitions together, from when a partition is opened. */
  readonly ratePerSecond?: number
  readonly clock?: Clock
}

/** Which record is made. */
export interface RecordOrdinal {
  readonly partition: number
  /** 0, 1, 2, … in its partition; its offset. */
  ordinal: number
}

/**
 * Appends the bytes of one record, in the topic's format. Must depend on its arguments only, and
 * take at most a bounded number of values from `random`.
 */
export type MakeRecord = (record: RecordOrdinal, random: Random, out: ByteWriter) => void

/** The records [first, first + count) of a partition as columns in the order of the schema. */
export type MakeColumns = (
  range: { readonly partition: number; readonly first: number; readonly count: number },
  random: RecordRandom,
) => readonly Column[]

/** @throws ConfigError GENERATOR_INVALID */
export function generatorSource(options: GeneratorOptions & { make: MakeRecord }): Source {
  const { make } = options
  return sourceOf(options, (partition, decoder) => bytesMaker(options, partition, decoder, make))
}

/** As `generatorSource`, without bytes between: for benches and long soaks. */
export function columnSource(options: GeneratorOptions & { make: MakeColumns }): Source {
  const { make, seed } = options
  return sourceOf(options, (partition) => {
    const random = new RecordRandom(seed, partition)
    return (first, count) => ({
      columns: make({ partition, first, count }, random),
      length: count,
      offsets: offsetsOf(first, count),
      appendTimes: undefined,
      rejected: [],
      nextOffset: first + count,
    })
  })
}

type Maker = (first: number, count: number) => SourceRecords

function sourceOf(
  options: GeneratorOptions,
  makerOf: (partition: number, decoder: RecordDecoder) => Maker,
): Source {
  const { partitions, total, ratePerSecond } = options
  const isWhole = Number.isInteger(partitions) && partitions >= 1
  if (!isWhole || (total ?? 0) < 0 || (ratePerSecond ?? 1) <= 0) {
    throw new ConfigError({
      code: 'GENERATOR_INVALID',
      message: 'the generator can not run so',
      expected: 'partitions ≥ 1, total ≥ 0, ratePerSecond > 0',
      found: JSON.stringify({ partitions, total, ratePerSecond }),
      remedy: 'Correct the options.',
    })
  }
  return {
    partitions,
    open: (partition, decoder, offset) =>
      new GeneratorReader(options, { partition, offset }, makerOf(partition, decoder)),
  }
}

class GeneratorReader implements PartitionReader {
  readonly #maker: Maker
  readonly #end: number
  readonly #clock: Clock
  readonly #recordsPerMs: number
  readonly #first: number
  readonly #openedAtMs: number
  #next: number

  constructor(
    options: GeneratorOptions,
    place: { readonly partition: number; readonly offset: number },
    maker: Maker,
  ) {
    const { partitions, total, ratePerSecond } = options
    const share = total === undefined ? Number.POSITIVE_INFINITY : Math.floor(total / partitions)
    const extra = total !== undefined && place.partition < total % partitions ? 1 : 0
    this.#maker = maker
    this.#end = share + extra
    this.#clock = options.clock ?? systemClock
    this.#recordsPerMs =
      ratePerSecond === undefined ? Number.POSITIVE_INFINITY : ratePerSecond / partitions / 1000
    this.#first = place.offset
    this.#next = place.offset
    this.#openedAtMs = this.#clock.elapsedMs()
  }

  get isEnded(): boolean {
    return this.#next >= this.#end
  }

  /** Records that are due but not read. */
  get lag(): number | undefined {
    const due = Math.min(this.#end, this.#due())
    return Number.isFinite(due) ? Math.max(0, due - this.#next) : undefined
  }

  poll(): SourceRecords | undefined {
    const limit = Math.min(this.#end, this.#due())
    const count = Math.min(BATCH_RECORDS_MAX, limit - this.#next)
    if (count <= 0) return undefined
    const records = this.#maker(this.#next, count)
    this.#next += count
    return records
  }

  ready(): Promise<void> {
    if (this.isEnded || this.#due() > this.#next) return Promise.resolve()
    return this.#clock.delay(PACE_DELAY_MS)
  }

  /** The offset says it all. */
  bookmark(): undefined {
    return undefined
  }

  close(): void {}

  #due(): number {
    if (this.#recordsPerMs === Number.POSITIVE_INFINITY) return Number.POSITIVE_INFINITY
    const elapsedMs = this.#clock.elapsedMs() - this.#openedAtMs
    return this.#first + Math.floor(elapsedMs * this.#recordsPerMs)
  }
}

function bytesMaker(
  options: GeneratorOptions,
  partition: number,
  decoder: RecordDecoder,
  make: MakeRecord,
): Maker {
  const out = new ByteWriter(64 * 1024)
  const random = new RecordRandom(options.seed, partition)
  const record: RecordOrdinal = { partition, ordinal: 0 }
  const starts = new Int32Array(BATCH_RECORDS_MAX)
  const ends = new Int32Array(BATCH_RECORDS_MAX)
  return (first, count) => {
    out.clear()
    for (let i = 0; i < count; i++) {
      record.ordinal = first + i
      random.at(first + i)
      starts[i] = out.length
      make(record, random.next, out)
      ends[i] = out.length
    }
    const [from, to] = [starts.subarray(0, count), ends.subarray(0, count)]
    return decoder.decodeRecords(out.bytes, from, to, offsetsOf(first, count), undefined)
  }
}

function offsetsOf(first: number, count: number): Float64Array {
  const offsets = new Float64Array(count)
  for (let i = 0; i < count; i++) offsets[i] = first + i
  return offsets
}
