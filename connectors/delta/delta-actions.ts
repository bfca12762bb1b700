// The actions of a Delta log that an append-only writer and a plain reader need, as types, and the
// text of commit files. Actions of unknown names are skipped, as the protocol asks; features that a
// reader or writer must know are refused by name in `delta-protocol.ts`.
import {
  corrupt,
  isObject,
  type JsonObject,
  numberOf,
  objectOf,
  parseJson,
  textMapOf,
  textOf,
  textsOf,
} from './json-value.ts'

export interface Protocol {
  readonly minReaderVersion: number
  readonly minWriterVersion: number
  readonly readerFeatures: readonly string[] | undefined
  readonly writerFeatures: readonly string[] | undefined
}

export interface Metadata {
  readonly id: string
  readonly schemaText: string
  readonly partitionColumns: readonly string[]
  readonly configuration: Readonly<Record<string, string>>
}

export interface AddFile {
  /** Decoded, relative to the table's folder. */
  readonly path: string
  readonly sizeBytes: number
  readonly partitionValues: JsonObject
  readonly hasDeletionVector: boolean
  /** The statistics as JSON text, numbers with all their digits. */
  readonly stats: string | undefined
}

/** What we leave in `commitInfo`, so that a second delivery can be told from a foreign history. */
export interface CommitOwner {
  readonly appId: string
  readonly epoch: number
  readonly term: number
  /** CRC32C of the committable. */
  readonly manifestCrc: number
}

export interface CommitInfo {
  readonly operation: string
  readonly timestampMs: number | undefined
  readonly inCommitTimestampMs: number | undefined
  readonly owner: CommitOwner | undefined
}

export type Action =
  | { readonly kind: 'commitInfo'; readonly info: CommitInfo }
  | { readonly kind: 'protocol'; readonly protocol: Protocol }
  | { readonly kind: 'metaData'; readonly metadata: Metadata }
  | { readonly kind: 'add'; readonly file: AddFile }
  | { readonly kind: 'remove'; readonly path: string }
  | { readonly kind: 'txn'; readonly appId: string; readonly version: number }

/**
 * The actions of one commit file, in order.
 * @throws StateCorruptError DELTA_LOG_CORRUPT for a line that is not JSON or lacks a required field
 */
export function parseCommit(text: string, where: string): Action[] {
  const actions: Action[] = []
  let line = 0
  for (const part of text.split('\n')) {
    line++
    if (part.trim() === '') continue
    const place = `${where} line ${line}`
    const action = parseAction(objectOf(parseJson(part, place), place), place)
    if (action !== undefined) actions.push(action)
  }
  for (const kind of ['metaData', 'protocol', 'commitInfo'] as const) {
    if (actions.filter((action) => action.kind === kind).length > 1) {
      throw corrupt(where, `at most one ${kind}`, 'several')
    }
  }
  return actions
}

function parseAction(line: JsonObject, where: string): Action | undefined {
  if (isObject(line.add)) return { kind: 'add', file: addFile(line.add, where) }
  if (isObject(line.txn)) {
    const appId = textOf(line.txn.appId, `${where} txn.appId`)
    return { kind: 'txn', appId, version: numberOf(line.txn.version, `${where} txn.version`) }
  }
  if (isObject(line.commitInfo)) return { kind: 'commitInfo', info: commitInfo(line.commitInfo) }
  if (isObject(line.remove)) {
    return { kind: 'remove', path: decodePath(textOf(line.remove.path, `${where} remove.path`)) }
  }
  if (isObject(line.protocol))
    return { kind: 'protocol', protocol: protocolOf(line.protocol, where) }
  if (isObject(line.metaData))
    return { kind: 'metaData', metadata: metadataOf(line.metaData, where) }
  return undefined
}

function addFile(add: JsonObject, where: string): AddFile {
  return {
    path: decodePath(textOf(add.path, `${where} add.path`)),
    sizeBytes: numberOf(add.size, `${where} add.size`),
    partitionValues: isObject(add.partitionValues) ? add.partitionValues : {},
    hasDeletionVector: isObject(add.deletionVector),
    stats: typeof add.stats === 'string' ? add.stats : undefined,
  }
}

function protocolOf(json: JsonObject, where: string): Protocol {
  return {
    minReaderVersion: numberOf(json.minReaderVersion, `${where} protocol.minReaderVersion`),
    minWriterVersion: numberOf(json.minWriterVersion, `${where} protocol.minWriterVersion`),
    readerFeatures: textsOf(json.readerFeatures, `${where} protocol.readerFeatures`),
    writerFeatures: textsOf(json.writerFeatures, `${where} protocol.writerFeatures`),
  }
}

function metadataOf(json: JsonObject, where: string): Metadata {
  return {
    id: textOf(json.id, `${where} metaData.id`),
    schemaText: textOf(json.schemaString, `${where} metaData.schemaString`),
    partitionColumns: textsOf(json.partitionColumns, `${where} metaData.partitionColumns`) ?? [],
    configuration: textMapOf(json.configuration, `${where} metaData.configuration`),
  }
}

function commitInfo(json: JsonObject): CommitInfo {
  return {
    operation: typeof json.operation === 'string' ? json.operation : 'unknown',
    timestampMs: typeof json.timestamp === 'number' ? json.timestamp : undefined,
    inCommitTimestampMs:
      typeof json.inCommitTimestamp === 'number' ? json.inCommitTimestamp : undefined,
    owner: isObject(json.millrace) ? commitOwner(json.millrace) : undefined,
  }
}

function commitOwner(json: JsonObject): CommitOwner {
  return {
    appId: textOf(json.appId, 'commitInfo.millrace.appId'),
    epoch: numberOf(json.epoch, 'commitInfo.millrace.epoch'),
    term: numberOf(json.term, 'commitInfo.millrace.term'),
    manifestCrc: numberOf(json.manifestCrc, 'commitInfo.millrace.manifestCrc'),
  }
}

function decodePath(path: string): string {
  try {
    return decodeURIComponent(path)
  } catch (cause) {
    throw Object.assign(corrupt('a path of the log', 'URL-encoded text', path), { cause })
  }
}
