// Records as plain objects, into batches and out of them, for tests.
import {
  type AbortedTransaction,
  type BatchProducer,
  type Compression,
  type FetchedRecords,
  HeaderBlock,
  isNullRange,
  NO_PRODUCER,
  RecordBatchReader,
  type RecordBatchReaderOptions,
  RecordBatchWriter,
} from '../../../../connectors/kafka/record-batch/index.ts'

const encoder = new TextEncoder()
const decoder = new TextDecoder()
const none = new Uint8Array(0)

export interface PlainRecord {
  readonly key: string | null
  readonly value: string | null
  readonly timeMs: number
  readonly headers?: readonly (readonly [string, string | null])[]
}

export interface ReadRecord extends PlainRecord {
  readonly offset: number
  readonly isAppendTime: boolean
}

export interface BatchOptions {
  readonly baseOffset?: number
  readonly compression?: Compression
  readonly producer?: BatchProducer
}

export function record(value: string | null, key: string | null = null, timeMs = 0): PlainRecord {
  return { key, value, timeMs }
}

export function producer(id: number, isTransactional = true): BatchProducer {
  return { id, epoch: 0, baseSequence: 0, isTransactional }
}

/** One batch of these records, in memory of its own. */
export function batchOf(records: readonly PlainRecord[], options: BatchOptions = {}): Uint8Array {
  const compression = options.compression ?? 'none'
  const writer = new RecordBatchWriter({ compression, bytesMax: 1 << 26 })
  for (const { key, value, timeMs, headers } of records) {
    const keyBytes = key === null ? none : encoder.encode(key)
    const valueBytes = value === null ? none : encoder.encode(value)
    const keyEnd = key === null ? -1 : keyBytes.length
    const valueEnd = value === null ? -1 : valueBytes.length
    const block = headerBlock(headers ?? [])
    writer.append(timeMs, keyBytes, 0, keyEnd, valueBytes, 0, valueEnd, block)
  }
  const batch = writer.finish(options.producer ?? NO_PRODUCER).slice()
  new DataView(batch.buffer).setBigInt64(0, BigInt(options.baseOffset ?? 0))
  return batch
}

function headerBlock(headers: readonly (readonly [string, string | null])[]): HeaderBlock {
  const block = new HeaderBlock()
  for (const [name, value] of headers) {
    if (value === null) block.add(encoder.encode(name), none, 0, -1)
    else block.add(encoder.encode(name), encoder.encode(value))
  }
  return block
}

export function concat(...parts: readonly Uint8Array[]): Uint8Array {
  return new Uint8Array(Buffer.concat(parts))
}

export interface ReadOptions extends Partial<RecordBatchReaderOptions> {
  readonly fetchOffset?: number
  readonly aborted?: readonly AbortedTransaction[] | undefined
}

/** Everything that a response holds, and where to go on. */
export function readAll(
  bytes: Uint8Array,
  { fetchOffset = 0, aborted, ...options }: ReadOptions = {},
): { readonly records: ReadRecord[]; readonly nextOffset: number; readonly lengths: number[] } {
  const reader = new RecordBatchReader({ partition: 'orders-0', ...options })
  reader.open(bytes, 0, bytes.length, fetchOffset, aborted)
  const records: ReadRecord[] = []
  const lengths: number[] = []
  for (let fetched = reader.read(); fetched !== undefined; fetched = reader.read()) {
    lengths.push(fetched.length)
    for (let row = 0; row < fetched.length; row++) records.push(plainRecord(fetched, row))
  }
  return { records, nextOffset: reader.nextOffset, lengths }
}

export function values(bytes: Uint8Array, options: ReadOptions = {}): (string | null)[] {
  return readAll(bytes, options).records.map(({ value }) => value)
}

function plainRecord(fetched: FetchedRecords, row: number): ReadRecord {
  const { bytes, ranges, isAppendTime } = fetched
  return {
    offset: fetched.offsets[row]!,
    timeMs: fetched.times[row]! / 1000,
    isAppendTime,
    key: text(bytes, ranges.keyStarts[row]!, ranges.keyEnds[row]!),
    value: text(bytes, fetched.valueStarts[row]!, fetched.valueEnds[row]!),
    headers: headersOf(bytes, ranges.headerStarts[row]!, ranges.headerEnds[row]!),
  }
}

function text(bytes: Uint8Array, start: number, end: number): string | null {
  return isNullRange(start, end) ? null : decoder.decode(bytes.subarray(start, end))
}

/** A second reading of headers, apart from the one that is tested. */
function headersOf(bytes: Uint8Array, start: number, end: number): [string, string | null][] {
  let at = start
  const varint = () => {
    let value = 0
    for (let shift = 0; ; shift += 7) {
      const byte = bytes[at++]!
      value |= (byte & 0x7f) << shift
      if (byte < 0x80) return (value >>> 1) ^ -(value & 1)
    }
  }
  const headers: [string, string | null][] = []
  for (let left = varint(); left > 0; left--) {
    const name = take(varint())
    headers.push([name ?? '', take(varint())])
  }
  if (at !== end) throw new Error(`headers end at ${at}, not at ${end}`)
  return headers

  function take(length: number): string | null {
    if (length < 0) return null
    at += length
    return decoder.decode(bytes.subarray(at - length, at))
  }
}
