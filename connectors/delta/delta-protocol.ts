// Which Delta protocol we create, and which we read and write. Anything that we don't know is
// refused by name: a reader that ignored a feature would show wrong rows.
import { ConfigError } from '../../engine/errors.ts'
import type { Metadata, Protocol } from './delta-actions.ts'
import { invariantColumns } from './delta-schema.ts'

/** The protocol of tables that we create. */
export const createdProtocol: Protocol = {
  minReaderVersion: 1,
  minWriterVersion: 7,
  readerFeatures: undefined,
  writerFeatures: ['appendOnly', 'invariants', 'inCommitTimestamp'],
}

/** The table properties of tables that we create. */
export const createdConfiguration = { 'delta.enableInCommitTimestamps': 'true' } as const

const knownWriterFeatures = new Set(['appendOnly', 'invariants', 'inCommitTimestamp'])

/** @throws ConfigError DELTA_UNSUPPORTED when rows of the table could be read wrongly. */
export function checkReadable(table: string, protocol: Protocol, metadata: Metadata): void {
  const { minReaderVersion, readerFeatures = [] } = protocol
  if (minReaderVersion !== 1 && !(minReaderVersion === 3 && readerFeatures.length === 0)) {
    const features = minReaderVersion === 2 ? ['columnMapping'] : readerFeatures
    const found = `reader version ${minReaderVersion} with ${features.join(', ') || 'no features'}`
    throw unsupported(table, 'reader version 1', found)
  }
  if (metadata.partitionColumns.length > 0) {
    throw unsupported(table, 'no partitions', `partitions by ${metadata.partitionColumns.join()}`)
  }
}

/** @throws ConfigError DELTA_UNSUPPORTED when an append could break a promise of the table. */
export function checkWritable(table: string, protocol: Protocol, metadata: Metadata): void {
  checkReadable(table, protocol, metadata)
  const { minWriterVersion, writerFeatures = [] } = protocol
  const unknown = writerFeatures.filter((feature) => !knownWriterFeatures.has(feature))
  if (minWriterVersion > 2 && minWriterVersion !== 7) {
    throw unsupported(table, 'writer version 1, 2 or 7', `${minWriterVersion}`)
  }
  if (unknown.length > 0) {
    const known = [...knownWriterFeatures].join(', ')
    throw unsupported(table, `only the features ${known}`, unknown.join(', '))
  }
  const columns = invariantColumns(metadata.schemaText)
  if (columns.length > 0) throw unsupported(table, 'no invariants', `some on ${columns.join(', ')}`)
}

/** True when commits must carry an in-commit timestamp. */
export function hasInCommitTimestamps(metadata: Metadata): boolean {
  return metadata.configuration['delta.enableInCommitTimestamps'] === 'true'
}

function unsupported(table: string, expected: string, found: string): ConfigError {
  return new ConfigError({
    code: 'DELTA_UNSUPPORTED',
    message: `the Delta table ${table} uses what is not supported here`,
    expected,
    found,
    remedy: 'Use another tool for this table, or write to a table of its own.',
  })
}
