// DeltaCommitter: brings committables into a table, each exactly once. The table's `txn` of the
// owner says which epoch came last; it is read again after every lost race. A lost answer (crash,
// disk error) is settled by the same look: a commit that appeared is skipped.
import { randomUUID } from 'node:crypto'
import { stat } from 'node:fs/promises'
import { join } from 'node:path'
import type { Clock } from '../../engine/clock.ts'
import type { CommitPermit } from '../../engine/connector.ts'
import {
  assert,
  errorCode,
  RetryableError,
  StateCorruptError,
  StateMismatchError,
} from '../../engine/errors.ts'
import type { Schema } from '../../engine/schema/index.ts'
import { type Committable, decodeCommittable } from './committable.ts'
import { commitFileName, DeltaLog, readCommit } from './delta-log.ts'
import {
  checkWritable,
  createdConfiguration,
  createdProtocol,
  hasInCommitTimestamps,
} from './delta-protocol.ts'
import { schemaDifference, schemaOfDelta } from './delta-schema.ts'
import { makeFolder, publishFile, type StepHook } from './durable-file.ts'

/** Default of `attemptsMax`. Somebody wins each race, so that only a crowd gets here. */
const COMMIT_ATTEMPTS_MAX = 1000

export interface DeltaCommitterOptions {
  readonly table: string
  readonly folder: string
  readonly clock: Clock
  /** Begins the names of temporary files. */
  readonly temporaryPrefix: string
  readonly hook: StepHook
  /** Lost races in a row before the delivery is given back to the runtime. */
  readonly attemptsMax?: number
}

export class DeltaCommitter {
  readonly #options: DeltaCommitterOptions
  readonly #log: DeltaLog

  constructor(options: DeltaCommitterOptions) {
    this.#options = options
    this.#log = new DeltaLog(options.folder)
  }

  /** @throws StateMismatchError LAKE_SCHEMA when the table exists and has no place for such rows */
  async check(schema: Schema<unknown>): Promise<void> {
    await this.#log.refresh()
    this.#checkTable(schema)
  }

  /**
   * Commits the files of a decided epoch, unless the table has them. False when it had.
   * @throws StateMismatchError LAKE_FOREIGN_EPOCH when the table has this epoch of another history
   */
  async deliver(bytes: Uint8Array, permit: CommitPermit): Promise<boolean> {
    const { committable, crc } = decodeCommittable(bytes)
    const { epoch, slot, lineage, table } = committable
    const isPermitted = permit.epoch === epoch && permit.slot === slot && permit.lineage === lineage
    assert(isPermitted, `a permit for ${lineage} slot ${slot} epoch ${epoch}`)
    assert(table === this.#options.table, `a committable of ${table}, not ${this.#options.table}`)
    const schema = schemaOfDelta(committable.schemaText)
    const { attemptsMax = COMMIT_ATTEMPTS_MAX } = this.#options
    await makeFolder(this.#log.logFolder)
    for (let attempt = 0; attempt < attemptsMax; attempt++) {
      await this.#log.refresh()
      this.#checkTable(schema)
      const last = this.#log.txns.get(committable.appId)
      if (last !== undefined && last >= epoch) {
        await this.#checkSameHistory(committable, crc)
        return false
      }
      if (attempt === 0) await this.#checkFiles(committable)
      if (await this.#publish(committable, crc)) return true
    }
    throw new RetryableError({
      code: 'LAKE_CONTENDED',
      message: `the table ${table} could not be committed to`,
      expected: `one of ${attemptsMax} versions to be free`,
      found: `version ${this.#log.version} taken by other writers`,
      remedy: 'Write to this table from fewer processes.',
    })
  }

  #publish(committable: Committable, crc: number): Promise<boolean> {
    const { temporaryPrefix, hook } = this.#options
    const temporary = `.${temporaryPrefix}${randomUUID()}.tmp`
    const name = commitFileName(this.#log.version + 1)
    const text = this.#commitText(committable, crc)
    return publishFile(this.#log.logFolder, name, temporary, text, hook)
  }

  #commitText(committable: Committable, crc: number): string {
    const log = this.#log
    const nowMs = Math.floor(this.#options.clock.nowMicros() / 1000)
    const isNew = log.version < 0
    const isTimed = isNew || hasInCommitTimestamps(log.table().metadata)
    // In-commit timestamps rise strictly, whatever the clocks of the writers say.
    const timestamp = Math.max(nowMs, log.timestampMs + 1)
    const lines: unknown[] = [commitInfo(committable, crc, timestamp, isTimed)]
    if (isNew) lines.push(...creation(committable.schemaText, nowMs))
    lines.push({
      txn: { appId: committable.appId, version: committable.epoch, lastUpdated: nowMs },
    })
    for (const file of committable.files) {
      const { path, sizeBytes: size, modificationMs: modificationTime, stats } = file
      lines.push({
        add: { path, partitionValues: {}, size, modificationTime, dataChange: true, stats },
      })
    }
    return `${lines.map((line) => JSON.stringify(line)).join('\n')}\n`
  }

  #checkTable(schema: Schema<unknown>): void {
    if (this.#log.version < 0) return
    const { table } = this.#options
    const { protocol, metadata } = this.#log.table()
    checkWritable(table, protocol, metadata)
    const differences = schemaDifference(schema, schemaOfDelta(metadata.schemaText))
    if (differences.length === 0) return
    throw new StateMismatchError({
      code: 'LAKE_SCHEMA',
      message: `the rows do not fit the lake table ${table}`,
      expected: 'the columns of the table, by name and type',
      found: differences.join('; '),
      remedy: 'Write to a new table, or bring the columns in line.',
    })
  }

  /** A table must not be made to point at files that are not there. */
  async #checkFiles({ files, table, epoch }: Committable): Promise<void> {
    for (const file of files) {
      const found = await sizeOf(join(this.#options.folder, file.path))
      if (found === file.sizeBytes) continue
      throw new StateCorruptError({
        code: 'LAKE_FILE_LOST',
        message: `the file ${file.path} of epoch ${epoch} can not be added to ${table}`,
        expected: `${file.sizeBytes} bytes`,
        found: found === undefined ? 'no file' : `${found} bytes`,
        remedy: 'Restore the lake folder from a copy, or start afresh with --fresh.',
      })
    }
  }

  /** The table is at this epoch or beyond: it must have got there by this very history. */
  async #checkSameHistory({ appId, epoch, table }: Committable, crc: number): Promise<void> {
    const { logFolder } = this.#log
    for (let version = this.#log.version; version >= 0; version--) {
      const commit = await readCommit(logFolder, version, Number.NEGATIVE_INFINITY)
      const owner = commit?.info?.owner
      if (owner?.appId !== appId || owner.epoch > epoch) continue
      if (owner.epoch === epoch && owner.manifestCrc === crc) return
      const other = `version ${version} with epoch ${owner.epoch}, CRC32C ${owner.manifestCrc}`
      throw foreignEpoch(table, appId, `epoch ${epoch}, CRC32C ${crc}`, other)
    }
    throw foreignEpoch(table, appId, `epoch ${epoch}, CRC32C ${crc}`, 'no such commit')
  }
}

function foreignEpoch(table: string, appId: string, expected: string, found: string) {
  return new StateMismatchError({
    code: 'LAKE_FOREIGN_EPOCH',
    message: `the table ${table} was written by another history of ${appId}`,
    expected,
    found,
    remedy: 'Bring data folder and lake to one state, or start a new lineage with --fresh.',
  })
}

async function sizeOf(path: string): Promise<number | undefined> {
  try {
    return (await stat(path)).size
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return undefined
    throw error
  }
}

function commitInfo(committable: Committable, crc: number, timestamp: number, isTimed: boolean) {
  const { appId, epoch, term, files } = committable
  const rows = files.reduce((sum, file) => sum + file.rows, 0)
  const bytes = files.reduce((sum, file) => sum + file.sizeBytes, 0)
  return {
    commitInfo: {
      ...(isTimed ? { inCommitTimestamp: timestamp } : {}),
      timestamp,
      operation: 'STREAMING UPDATE',
      operationParameters: { outputMode: 'Append', queryId: appId, epochId: String(epoch) },
      isolationLevel: 'Serializable',
      isBlindAppend: true,
      operationMetrics: {
        numAddedFiles: String(files.length),
        numOutputRows: String(rows),
        numOutputBytes: String(bytes),
      },
      engineInfo: 'millrace',
      txnId: randomUUID(),
      millrace: { appId, epoch, term, manifestCrc: crc },
    },
  }
}

function creation(schemaString: string, createdTime: number): unknown[] {
  const metaData = {
    id: randomUUID(),
    format: { provider: 'parquet', options: {} },
    schemaString,
    partitionColumns: [],
    configuration: createdConfiguration,
    createdTime,
  }
  return [{ protocol: createdProtocol }, { metaData }]
}
