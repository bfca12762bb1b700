// DeltaLog: the state of one table, read from its log. The folder is listed once; later refreshes
// only try the next version, so following a table costs one failed open per look. It keeps no
// statistics, and file names only when asked: a writer needs none.
//
// Logs must begin at version 0: a log that was cut behind a checkpoint is refused by name.
import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { assert, ConfigError, errorCode, StateCorruptError } from '../../engine/errors.ts'
import {
  type Action,
  type AddFile,
  type CommitInfo,
  type Metadata,
  type Protocol,
  parseCommit,
} from './delta-actions.ts'

/** One version of a table, as `tableHistory` and time travel see it. */
export interface Commit {
  readonly version: number
  readonly info: CommitInfo | undefined
  /** In-commit timestamp, else the writer's time; strictly rising over versions. */
  readonly timestampMs: number
  readonly actions: readonly Action[]
}

export interface DeltaLogOptions {
  /** Keep the table's files. A writer doesn't, so that its memory stays flat. */
  readonly files: boolean
  /** Stop before the first version that this refuses. */
  readonly until?: (commit: Commit) => boolean
}

export class DeltaLog {
  readonly folder: string
  readonly logFolder: string
  /** The last version that was read; -1 when the table does not exist. */
  version = -1
  /** Time of the last version, epoch milliseconds. */
  timestampMs = Number.NEGATIVE_INFINITY
  protocol: Protocol | undefined
  metadata: Metadata | undefined
  /** Last version of each application. */
  readonly txns = new Map<string, number>()
  /** Live files by path. */
  readonly files = new Map<string, AddFile>()
  readonly #options: DeltaLogOptions
  #listed = false

  constructor(folder: string, options: DeltaLogOptions = { files: false }) {
    this.folder = folder
    this.logFolder = join(folder, '_delta_log')
    this.#options = options
  }

  /**
   * Reads the versions that came since the last look; true when there were some.
   * @throws StateCorruptError DELTA_LOG_CORRUPT · ConfigError DELTA_UNSUPPORTED
   */
  async refresh(): Promise<boolean> {
    if (!this.#listed) {
      await checkContiguous(this.folder, this.logFolder)
      this.#listed = true
    }
    const before = this.version
    for (;;) {
      const commit = await readCommit(this.logFolder, this.version + 1, this.timestampMs)
      if (commit === undefined || this.#options.until?.(commit) === false) break
      this.#apply(commit)
    }
    return this.version > before
  }

  /** Of a table that exists. @throws StateCorruptError when the log lacks one of them */
  table(): { readonly protocol: Protocol; readonly metadata: Metadata } {
    const { protocol, metadata } = this
    if (protocol !== undefined && metadata !== undefined) return { protocol, metadata }
    throw new StateCorruptError({
      code: 'DELTA_LOG_CORRUPT',
      message: `the log of ${this.folder} is not whole`,
      expected: 'a protocol and a metaData action',
      found: protocol === undefined ? 'no protocol' : 'no metaData',
      remedy: 'Restore the _delta_log folder from a copy; nothing was changed.',
    })
  }

  #apply(commit: Commit): void {
    for (const action of commit.actions) {
      if (action.kind === 'protocol') this.protocol = action.protocol
      else if (action.kind === 'metaData') this.metadata = action.metadata
      else if (action.kind === 'txn') this.txns.set(action.appId, action.version)
      else if (this.#options.files && action.kind === 'add') {
        this.files.set(action.file.path, action.file)
      } else if (this.#options.files && action.kind === 'remove') this.files.delete(action.path)
    }
    this.version = commit.version
    this.timestampMs = commit.timestampMs
  }
}

/** `00000000000000000012.json`. */
export function commitFileName(version: number): string {
  assert(Number.isSafeInteger(version) && version >= 0, `a table version, not ${version}`)
  return `${String(version).padStart(20, '0')}.json`
}

/**
 * One version, or undefined when it does not exist.
 * @param previousMs time of the version before; the result is later
 */
export async function readCommit(
  logFolder: string,
  version: number,
  previousMs: number,
): Promise<Commit | undefined> {
  const path = join(logFolder, commitFileName(version))
  let text: string
  try {
    text = await readFile(path, 'utf8')
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return undefined
    throw error
  }
  const actions = parseCommit(text, path)
  if (actions.length === 0) {
    throw new StateCorruptError({
      code: 'DELTA_LOG_CORRUPT',
      message: `${path} holds no action`,
      expected: 'the actions of one commit',
      found: `${text.length} bytes`,
      remedy: 'Restore the file from a copy; nothing was changed.',
    })
  }
  const first = actions.find((action) => action.kind === 'commitInfo')
  const info = first?.info
  const writtenMs = info?.inCommitTimestampMs ?? info?.timestampMs ?? previousMs + 1
  const timestampMs = Math.max(writtenMs, previousMs + 1)
  return { version, info, timestampMs, actions }
}

/** All versions in order, one at a time. */
export async function* commitsOf(folder: string): AsyncGenerator<Commit, void> {
  const logFolder = join(folder, '_delta_log')
  await checkContiguous(folder, logFolder)
  let previousMs = Number.NEGATIVE_INFINITY
  for (let version = 0; ; version++) {
    const commit = await readCommit(logFolder, version, previousMs)
    if (commit === undefined) return
    previousMs = commit.timestampMs
    yield commit
  }
}

/** Versions 0 … n must all be there: a hole would hide rows. */
async function checkContiguous(folder: string, logFolder: string): Promise<void> {
  const names = await namesIn(logFolder)
  const versions = names.flatMap((name) => {
    const match = /^(\d{20})\.json$/.exec(name)
    return match === null ? [] : [Number(match[1])]
  })
  versions.sort((a, b) => a - b)
  const hole = versions.findIndex((version, i) => version !== i)
  const hasCheckpoint = names.some((name) => /^\d{20}\.checkpoint/.test(name))
  if (hole < 0 && (versions.length > 0 || !hasCheckpoint)) return
  if (hasCheckpoint && (hole === 0 || versions.length === 0)) {
    throw new ConfigError({
      code: 'DELTA_UNSUPPORTED',
      message: `the log of ${folder} begins behind a checkpoint`,
      expected: 'all versions from 0',
      found: versions.length === 0 ? 'checkpoints only' : `versions from ${versions[0]}`,
      remedy: 'Use another tool for this table, or write to a table of its own.',
    })
  }
  throw new StateCorruptError({
    code: 'DELTA_LOG_CORRUPT',
    message: `the log of ${folder} has a hole`,
    expected: `version ${hole}`,
    found: `version ${versions[hole]}`,
    remedy: 'Restore the _delta_log folder from a copy; nothing was changed.',
  })
}

/** The names in a folder; a folder that does not exist is empty. */
export async function namesIn(folder: string): Promise<string[]> {
  try {
    return await readdir(folder)
  } catch (error) {
    if (errorCode(error) === 'ENOENT' || errorCode(error) === 'ENOTDIR') return []
    throw error
  }
}
