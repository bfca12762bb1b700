// AppendQueue: gathers the appends that wait in one process, so that one durable commit serves them
// all (group commit). Records of one partition keep the order of the calls and share chunks.
import { ConfigError } from '../../engine/errors.ts'
import { RECORD_BYTES_MAX } from '../../engine/limits.ts'
import type { LogRecord } from './chunk-builder.ts'
import { CHUNK_BYTES_TARGET, CHUNK_RECORDS_MAX } from './chunk-format.ts'

/** Bytes that wait before a commit is made at once. */
export const PENDING_BYTES_MAX = 32 * 1024 * 1024

/** One call of `append`. */
export interface PendingAppend {
  readonly topic: string
  readonly partition: number
  readonly records: readonly LogRecord[]
  resolve(firstOffset: number): void
  reject(error: unknown): void
}

/** The appends to one partition that one commit writes, and their records cut into chunks. */
export interface PartitionAppends {
  readonly topic: string
  readonly partition: number
  readonly appends: readonly PendingAppend[]
  readonly chunks: readonly (readonly LogRecord[])[]
}

/** Groups appends by partition, in order of first appearance, and cuts chunks. */
export function groupAppends(pending: readonly PendingAppend[]): PartitionAppends[] {
  const groups = new Map<string, PendingAppend[]>()
  for (const append of pending) {
    const name = `${append.partition} ${append.topic}`
    const group = groups.get(name)
    if (group === undefined) groups.set(name, [append])
    else group.push(append)
  }
  return Array.from(groups.values(), (appends) => ({
    topic: appends[0]?.topic ?? '',
    partition: appends[0]?.partition ?? 0,
    appends,
    chunks: cutChunks(appends.flatMap((append) => append.records)),
  }))
}

/** Cuts records into runs of at most CHUNK_RECORDS_MAX records and about CHUNK_BYTES_TARGET. */
export function cutChunks(records: readonly LogRecord[]): LogRecord[][] {
  const chunks: LogRecord[][] = []
  let current: LogRecord[] = []
  let bytes = 0
  for (const record of records) {
    if (current.length === CHUNK_RECORDS_MAX || bytes >= CHUNK_BYTES_TARGET) {
      chunks.push(current)
      current = []
      bytes = 0
    }
    current.push(record)
    bytes += recordBytes(record)
  }
  if (current.length > 0) chunks.push(current)
  return chunks
}

function recordBytes(record: LogRecord): number {
  return (record.key?.length ?? 0) + (record.value?.length ?? 0)
}

/** Bytes of a record. @throws ConfigError RECORD_TOO_LONG */
export function checkedBytes(topic: string, record: LogRecord): number {
  const bytes = recordBytes(record)
  if (bytes <= RECORD_BYTES_MAX) return bytes
  throw new ConfigError({
    code: 'RECORD_TOO_LONG',
    message: `a record for topic "${topic}" is too long`,
    expected: `at most ${RECORD_BYTES_MAX} bytes of key and value`,
    found: `${bytes}`,
    remedy: 'Store the large value elsewhere and send its address.',
  })
}

/** Tells each append of a committed group the offset of its first record. */
export function resolveAppends(group: PartitionAppends, first: number): void {
  let offset = first
  for (const append of group.appends) {
    append.resolve(offset)
    offset += append.records.length
  }
}
