// Reading lake tables: which tables there are, their history, and their rows as of a version or
// a time. A table is read file by file; whatever could make rows wrong (unknown features, holes in
// the log, lost files) is an error by name.
import { readdir, readFile } from 'node:fs/promises'
import { join, relative, sep } from 'node:path'
import * as arrow from 'apache-arrow'
import { type Column, valueAt } from '../../engine/batch/index.ts'
import { columnsFromArrow } from '../../engine/codec/arrow/index.ts'
import { assert, errorCode, StateCorruptError } from '../../engine/errors.ts'
import type { Schema } from '../../engine/schema/index.ts'
import type { AddFile } from './delta-actions.ts'
import { type Commit, commitsOf, DeltaLog, namesIn } from './delta-log.ts'
import { checkReadable } from './delta-protocol.ts'
import { schemaOfDelta } from './delta-schema.ts'
import { objectOf, parseJson } from './json-value.ts'
import { tableMissing, timeOutside, versionMissing } from './lake-error.ts'
import { timestampText } from './statistics-text.ts'
import { tableFolder } from './table-folder.ts'

/** Folders below each other that are searched for tables. */
const TABLE_DEPTH_MAX = 8

export interface TableVersion {
  readonly version: number
  /** Commit time, epoch microseconds. */
  readonly timeMicros: number
  readonly operation: string
  readonly addedFiles: number
  readonly removedFiles: number
  /** Rows of the added files, where their statistics tell. */
  readonly addedRows: number | undefined
  /** Who wrote it, when it was one of our jobs. */
  readonly appId: string | undefined
  readonly epoch: number | undefined
}

/** Which state of a table; neither: the latest. */
export interface ReadOptions {
  readonly version?: number
  /** Commits at exactly this time are included; epoch microseconds. */
  readonly asOfMicros?: number
}

/** A table as of one version. */
export interface TableSnapshot {
  readonly name: string
  readonly folder: string
  readonly version: number
  readonly timeMicros: number
  readonly schema: Schema
  readonly files: readonly AddFile[]
  /** Undefined where a file has no statistics. */
  readonly rows: number | undefined
}

/** Rows of one file or of a part of it, as columns. */
export interface TableColumns {
  readonly schema: Schema
  readonly columns: readonly Column[]
  readonly length: number
}

/** Names of all tables of a lake, sorted. */
export async function listTables(lakeFolder: string): Promise<string[]> {
  const found: string[] = []
  await collectTables(lakeFolder, lakeFolder, 0, found)
  return found.sort()
}

/** All versions of a table, the first one first. */
export async function* tableHistory(
  lakeFolder: string,
  name: string,
): AsyncGenerator<TableVersion, void> {
  let isEmpty = true
  for await (const commit of commitsOf(tableFolder(lakeFolder, name))) {
    isEmpty = false
    yield tableVersion(commit)
  }
  if (isEmpty) throw tableMissing(name, await listTables(lakeFolder))
}

/** @throws ConfigError for a table, version or time that there is not; DELTA_UNSUPPORTED */
export async function openTable(
  lakeFolder: string,
  name: string,
  options: ReadOptions = {},
): Promise<TableSnapshot> {
  const { version, asOfMicros } = options
  const folder = tableFolder(lakeFolder, name)
  let next: Commit | undefined
  const log = new DeltaLog(folder, {
    files: true,
    until: (commit) => {
      next = commit
      if (version !== undefined) return commit.version <= version
      return asOfMicros === undefined || commit.timestampMs * 1000 <= asOfMicros
    },
  })
  await log.refresh()
  if (next === undefined) throw tableMissing(name, await listTables(lakeFolder))
  if (version !== undefined && log.version !== version) {
    throw versionMissing(name, version, log.version)
  }
  if (asOfMicros !== undefined) checkTime(name, asOfMicros, log, next)
  const { protocol, metadata } = log.table()
  checkReadable(name, protocol, metadata)
  const files = [...log.files.values()]
  const counts = files.map((file) => recordsOf(file))
  const rows = counts.every((count) => count !== undefined)
    ? counts.reduce((sum, count) => sum + count, 0)
    : undefined
  const timeMicros = log.timestampMs * 1000
  const schema = schemaOfDelta(metadata.schemaText)
  return { name, folder, version: log.version, timeMicros, schema, files, rows }
}

/** The rows of a table as columns, file by file in the order of the log. */
export async function* readColumns(snapshot: TableSnapshot): AsyncGenerator<TableColumns, void> {
  const { schema } = snapshot
  const { arrowIpcOfParquet } = await import('./parquet-codec.ts')
  for (const file of snapshot.files) {
    const bytes = await readDataFile(snapshot, file)
    const table = arrow.tableFromIPC(arrowIpcOfParquet(bytes))
    for (const batch of table.batches) yield { schema, ...columnsFromArrow(batch, schema) }
  }
}

/** The rows of a table as objects. For people and tests; programs take `readColumns`. */
export async function* readTable(
  lakeFolder: string,
  name: string,
  options: ReadOptions = {},
): AsyncGenerator<Record<string, unknown>, void> {
  const snapshot = await openTable(lakeFolder, name, options)
  for await (const part of readColumns(snapshot)) {
    for (let row = 0; row < part.length; row++) yield rowOf(part, row)
  }
}

function rowOf({ schema, columns }: TableColumns, row: number): Record<string, unknown> {
  const entries = schema.fields.map((field, i) => {
    const column = columns[i]
    assert(column !== undefined, `column ${i} of ${columns.length}`)
    return [field.name, valueAt(column, field.type, row)] as const
  })
  return Object.fromEntries(entries)
}

function checkTime(name: string, asOfMicros: number, log: DeltaLog, next: Commit): void {
  const asked = isoText(asOfMicros)
  if (log.version < 0) {
    throw timeOutside(name, asked, 'before the first', isoText(next.timestampMs * 1000))
  }
  const isLast = next.version === log.version
  if (isLast && asOfMicros > log.timestampMs * 1000) {
    throw timeOutside(name, asked, 'after the last', isoText(log.timestampMs * 1000))
  }
}

function isoText(micros: number): string {
  return timestampText(micros, 'floor') ?? `${micros} µs`
}

function tableVersion({ version, timestampMs, info, actions }: Commit): TableVersion {
  const added = actions.flatMap((action) => (action.kind === 'add' ? [action.file] : []))
  const counts = added.map(recordsOf)
  return {
    version,
    timeMicros: timestampMs * 1000,
    operation: info?.operation ?? 'unknown',
    addedFiles: added.length,
    removedFiles: actions.filter((action) => action.kind === 'remove').length,
    addedRows: counts.every((count) => count !== undefined)
      ? counts.reduce((sum, count) => sum + count, 0)
      : undefined,
    appId: info?.owner?.appId,
    epoch: info?.owner?.epoch,
  }
}

function recordsOf({ stats, path }: AddFile): number | undefined {
  if (stats === undefined) return undefined
  const count = objectOf(parseJson(stats, `statistics of ${path}`), path).numRecords
  return typeof count === 'number' ? count : undefined
}

async function readDataFile(snapshot: TableSnapshot, file: AddFile): Promise<Uint8Array> {
  try {
    return await readFile(join(snapshot.folder, file.path))
  } catch (cause) {
    throw new StateCorruptError({
      code: 'LAKE_FILE_LOST',
      message: `a file of "${snapshot.name}" version ${snapshot.version} can not be read`,
      expected: file.path,
      found: errorCode(cause),
      remedy: 'Restore the file from a copy, or read another version.',
      cause,
    })
  }
}

async function collectTables(
  root: string,
  folder: string,
  depth: number,
  found: string[],
): Promise<void> {
  if ((await namesIn(join(folder, '_delta_log'))).some((name) => /^\d{20}\./.test(name))) {
    found.push(relative(root, folder).split(sep).join('/'))
    return
  }
  if (depth >= TABLE_DEPTH_MAX || (await namesIn(folder)).length === 0) return
  for (const entry of await readdir(folder, { withFileTypes: true })) {
    if (entry.isDirectory() && !/^[._]/.test(entry.name)) {
      await collectTables(root, join(folder, entry.name), depth + 1, found)
    }
  }
}
