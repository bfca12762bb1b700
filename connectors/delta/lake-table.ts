// The logical lake table of a job: plain data; where the lake lies is said at deployment.
import { isAbsolute, join, normalize, sep } from 'node:path'
import { ConfigError } from '../../engine/errors.ts'

export interface LakeTableOptions {
  /** Adds `_partition` and `_offset` of each record's source, for a replay in order. */
  readonly positions?: boolean
}

export interface LakeTable {
  readonly kind: 'lake-table'
  /** Path below the lake's folder, e.g. `features/user_fraud_5m`. */
  readonly name: string
  readonly options: LakeTableOptions
}

/**
 * An append-only Delta table below the lake's folder.
 * @example to(features, lakeTable('features/user_fraud_5m'))
 * @throws ConfigError LAKE_TABLE_NAME for a name that is no plain relative path
 */
export function lakeTable(name: string, options: LakeTableOptions = {}): LakeTable {
  checkTableName(name)
  return { kind: 'lake-table', name, options }
}

/** The folder of a table. */
export function tableFolder(lakeFolder: string, name: string): string {
  checkTableName(name)
  return join(lakeFolder, ...name.split('/'))
}

function checkTableName(name: string): void {
  const parts = name.split('/')
  const isPlain = parts.every((part) => /^[A-Za-z0-9][A-Za-z0-9_.=-]*$/.test(part))
  const path = normalize(parts.join(sep))
  if (isPlain && !isAbsolute(path) && !path.startsWith('..')) return
  throw new ConfigError({
    code: 'LAKE_TABLE_NAME',
    message: 'the name of a lake table can not be used',
    expected: 'letters, digits, "_", "-", "." in parts separated by "/"',
    found: JSON.stringify(name),
    remedy: "Name it like lakeTable('features/user_fraud_5m').",
  })
}
