// TaskManifest: which segments make up the tables of one task, oldest first. It is the only list of
// segments there is: what it doesn't name doesn't exist. Keys of the stores stand here too.
//
//   tasks        task id                                              → manifest
//   footers      task 0 operator 0 table 0 segment (8 bytes)          → footer
//   blocks       the same, then block (4 bytes)                       → block
import { ByteReader, ByteWriter } from '../batch/index.ts'
import { assert } from '../errors.ts'
import { readSequence, type SegmentIdentity, writeSequence } from '../state/index.ts'

const VERSION = 1
const encoder = new TextEncoder()
const decoder = new TextDecoder()

/** One segment of a table as the manifest names it. */
export interface SegmentEntry {
  readonly number: number
  /** Blocks before this one were removed. */
  readonly firstBlock: number
  /** One more than the last block. */
  readonly endBlock: number
  readonly rows: number
  readonly bytes: number
  /** Rows with smaller keys don't count: they were merged or erased. Absent: all count. */
  readonly from?: Uint8Array
}

/** A merge that goes on: its output holds the keys that the inputs no longer do. */
export interface MergeEntry {
  readonly output: number
  readonly inputs: readonly number[]
  /** The inputs begin with the oldest segment: deletions needn't be kept. */
  readonly isBase: boolean
}

export interface TableManifest {
  readonly operatorId: string
  readonly table: string
  /** Oldest first. */
  readonly segments: readonly SegmentEntry[]
  readonly merge?: MergeEntry
}

export interface TaskManifest {
  readonly taskId: string
  /** The number that the next segment of any table of the task gets; never given twice. */
  readonly nextSegment: number
  readonly tables: readonly TableManifest[]
}

export function emptyManifest(taskId: string): TaskManifest {
  return { taskId, nextSegment: 0, tables: [] }
}

export function findTable(
  manifest: TaskManifest,
  operatorId: string,
  table: string,
): TableManifest | undefined {
  return manifest.tables.find((t) => t.operatorId === operatorId && t.table === table)
}

/** The manifest with one table replaced, or added, or removed when it has no segments. */
export function withTable(manifest: TaskManifest, changed: TableManifest): TaskManifest {
  const tables = manifest.tables.filter(
    (t) => t.operatorId !== changed.operatorId || t.table !== changed.table,
  )
  if (changed.segments.length > 0) tables.push(changed)
  return { ...manifest, tables }
}

export function taskKey(taskId: string): Uint8Array {
  return encoder.encode(taskId)
}

export function taskOfKey(key: Uint8Array): string {
  return decoder.decode(key)
}

/** The partition of a task: the number behind the last slash. */
export function partitionOf(taskId: string): number {
  const partition = Number(taskId.slice(taskId.lastIndexOf('/') + 1))
  const isTask = taskId.includes('/') && Number.isSafeInteger(partition) && partition >= 0
  assert(isTask, `a task id is "stage/partition", not "${taskId}"`)
  return partition
}

export function footerKey(identity: SegmentIdentity): Uint8Array {
  const into = new ByteWriter(128)
  for (const text of [identity.taskId, identity.operatorId, identity.table]) {
    assert(!text.includes('\0'), `an id with a zero in it: ${JSON.stringify(text)}`)
    into.raw(encoder.encode(text))
    into.uint8(0)
  }
  writeSequence(identity.segment, into)
  return into.toBytes()
}

export function blockKey(footer: Uint8Array, block: number): Uint8Array {
  const key = new Uint8Array(footer.length + 4)
  key.set(footer)
  new DataView(key.buffer).setUint32(footer.length, block)
  return key
}

export function encodeManifest(manifest: TaskManifest): Uint8Array {
  const into = new ByteWriter(512)
  into.uint8(VERSION)
  writeSequence(manifest.nextSegment, into)
  into.varint(manifest.tables.length)
  for (const table of manifest.tables) {
    into.text(table.operatorId)
    into.text(table.table)
    into.varint(table.segments.length)
    for (const segment of table.segments) encodeSegment(segment, into)
    const { merge } = table
    into.varint(merge === undefined ? 0 : merge.inputs.length)
    if (merge === undefined) continue
    for (const input of merge.inputs) into.varint(input)
    into.varint(merge.output)
    into.uint8(merge.isBase ? 1 : 0)
  }
  return into.toBytes()
}

/** Reads what `encodeManifest` wrote; the caller has checked the checksum. */
export function decodeManifest(taskId: string, bytes: Uint8Array): TaskManifest {
  const from = new ByteReader(bytes)
  const version = from.uint8()
  assert(version === VERSION, `a task manifest of version ${version}`)
  const nextSegment = readSequence(from)
  const tables = Array.from({ length: from.varint() }, () => {
    const operatorId = from.text()
    const table = from.text()
    const segments = Array.from({ length: from.varint() }, () => decodeSegment(from))
    const inputs = Array.from({ length: from.varint() }, () => from.varint())
    if (inputs.length === 0) return { operatorId, table, segments }
    const merge = { inputs, output: from.varint(), isBase: from.uint8() === 1 }
    return { operatorId, table, segments, merge }
  })
  return { taskId, nextSegment, tables }
}

function encodeSegment(segment: SegmentEntry, into: ByteWriter): void {
  into.varint(segment.number)
  into.varint(segment.firstBlock)
  into.varint(segment.endBlock)
  into.varint(segment.rows)
  into.varint(segment.bytes)
  into.uint8(segment.from === undefined ? 0 : 1)
  if (segment.from !== undefined) into.block(segment.from)
}

function decodeSegment(from: ByteReader): SegmentEntry {
  const entry = {
    number: from.varint(),
    firstBlock: from.varint(),
    endBlock: from.varint(),
    rows: from.varint(),
    bytes: from.varint(),
  }
  return from.uint8() === 0 ? entry : { ...entry, from: from.block().slice() }
}
