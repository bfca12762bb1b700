// Hands the live rows of a table's segments to the table, in ascending order of their keys. Formats
// are compared segment by segment; rows of an older schema migrate by field name.
import { ByteWriter } from '../batch/index.ts'
import { migratingRowCodec } from '../codec/index.ts'
import { StateMismatchError } from '../errors.ts'
import {
  compareFormats,
  describeFields,
  MergedRows,
  type SegmentIdentity,
  type StateTable,
  type TableFormat,
} from '../state/index.ts'
import { identityOf, type SegmentStore } from './segment-store.ts'
import type { TableManifest } from './task-manifest.ts'

/** A table whose stored rows had another schema. */
export interface MigratedTable {
  readonly taskId: string
  readonly operatorId: string
  readonly table: string
  /** The fields that differ, in words. */
  readonly difference: string
}

/**
 * @returns what was migrated
 * @throws StateMismatchError STATE_FORMAT, StateCorruptError
 */
export function restoreTable(
  store: SegmentStore,
  taskId: string,
  manifest: TableManifest,
  table: StateTable,
): MigratedTable | undefined {
  const inputs = manifest.segments.map((entry) =>
    store.input(identityOf(taskId, manifest, entry.number), entry),
  )
  const migrations = new Map<number, (value: Uint8Array) => Uint8Array>()
  let difference: string | undefined
  for (const { identity, footer } of inputs) {
    const migrate = migrationOf(identity, footer.format, table.format)
    if (migrate === undefined) continue
    migrations.set(identity.segment, migrate)
    difference ??= describeFields(footer.format.fields ?? [], table.format.fields ?? [])
  }
  const rows = new MergedRows(inputs)
  while (rows.next()) {
    const { block, row } = rows
    if (block.valueLengths[row]! < 0) continue
    const migrate = migrations.size === 0 ? undefined : migrations.get(rows.segment)
    const value = block.value(row)
    table.restore(block.key(row), migrate === undefined ? value : migrate(value))
  }
  if (difference === undefined) return undefined
  const { operatorId } = manifest
  return { taskId, operatorId, table: manifest.table, difference }
}

/** How rows of the stored format become rows of today's; undefined when they are. */
function migrationOf(
  identity: SegmentIdentity,
  stored: TableFormat,
  current: TableFormat,
): ((value: Uint8Array) => Uint8Array) | undefined {
  const decision = compareFormats(stored, current)
  if (decision.kind === 'equal') return undefined
  if (decision.kind === 'refuse') throw mismatch(identity, decision.difference)
  const codec = migratingRowCodec(decision.from, decision.to)
  const row = new ByteWriter()
  return (value) => {
    row.clear()
    codec.migrate(value, row)
    return row.view()
  }
}

function mismatch(identity: SegmentIdentity, difference: string): StateMismatchError {
  const { taskId, operatorId, table } = identity
  return new StateMismatchError({
    code: 'STATE_FORMAT',
    message: `the stored rows of ${operatorId}/${table} (task ${taskId}) have another format`,
    found: difference,
    remedy: 'Change the definition back, or give the operator a new id to begin with empty state.',
  })
}
