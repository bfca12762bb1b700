// Reads and writes segments of one environment. Footers that were read or written once are kept, so
// that compaction decides without reading. Writes belong inside `Environment.write`.
import {
  decodeFooter,
  type EncodedSegment,
  encodeFooter,
  type MergeInput,
  type SegmentFooter,
  type SegmentIdentity,
} from '../state/index.ts'
import type { Environment } from './environment.ts'
import { corruptStore } from './job-records.ts'
import { blockKey, footerKey, type SegmentEntry, type TableManifest } from './task-manifest.ts'

export class SegmentStore {
  readonly #env: Environment
  readonly #footers = new Map<string, SegmentFooter>()
  readonly #liveRows = new Map<string, number>()

  constructor(env: Environment) {
    this.#env = env
  }

  /** @throws StateCorruptError for a footer that isn't the one of this entry */
  footer(identity: SegmentIdentity, entry: SegmentEntry): SegmentFooter {
    const key = footerKey(identity)
    const name = nameOf(identity)
    const known = this.#footers.get(name)
    if (known !== undefined) return known
    const footer = decodeFooter(this.#env.getRaw('footers', key), identity)
    if (footer.firstKeys.length !== entry.endBlock || footer.rows !== entry.rows) {
      throw corruptStore(
        this.#env.folder,
        `a footer of ${entry.endBlock} blocks and ${entry.rows} rows (${name})`,
        `${footer.firstKeys.length} blocks and ${footer.rows} rows`,
      )
    }
    this.#footers.set(name, footer)
    return footer
  }

  /** The segment as an input of a merge. */
  input(identity: SegmentIdentity, entry: SegmentEntry): MergeInput {
    const key = footerKey(identity)
    return {
      identity,
      footer: this.footer(identity, entry),
      firstBlock: entry.firstBlock,
      from: entry.from,
      readBlock: (index, buffer) => this.#env.readInto('blocks', blockKey(key, index), buffer),
    }
  }

  /** How many rows of a table are alive, as its last snapshot knew; undefined before the first. */
  liveRows(taskId: string, table: TableManifest): number | undefined {
    return this.#liveRows.get(nameOf(identityOf(taskId, table, 0)))
  }

  noteLiveRows(taskId: string, table: TableManifest, rows: number): void {
    this.#liveRows.set(nameOf(identityOf(taskId, table, 0)), rows)
  }

  /** Stores blocks and footer. */
  put(identity: SegmentIdentity, encoded: EncodedSegment, footer: SegmentFooter): void {
    const key = footerKey(identity)
    let index = encoded.firstBlock
    for (const block of encoded.blocks) this.#env.putRaw('blocks', blockKey(key, index++), block)
    this.#env.putRaw('footers', key, encodeFooter(footer, identity))
  }

  /** Call it when the transaction of `put` is committed. */
  remember(identity: SegmentIdentity, footer: SegmentFooter): void {
    this.#footers.set(nameOf(identity), footer)
  }

  /** Removes blocks [from, to) of a segment. */
  removeBlocks(identity: SegmentIdentity, from: number, to: number): void {
    const key = footerKey(identity)
    for (let index = from; index < to; index++) this.#env.remove('blocks', blockKey(key, index))
  }

  /** Removes a segment. */
  remove(identity: SegmentIdentity, entry: SegmentEntry): void {
    this.removeBlocks(identity, entry.firstBlock, entry.endBlock)
    this.#env.remove('footers', footerKey(identity))
  }

  /** Call it when the transaction of `remove` is committed. */
  forget(identity: SegmentIdentity): void {
    this.#footers.delete(nameOf(identity))
  }
}

export function identityOf(taskId: string, table: TableManifest, segment: number): SegmentIdentity {
  return { taskId, operatorId: table.operatorId, table: table.table, segment }
}

function nameOf(identity: SegmentIdentity): string {
  const { taskId, operatorId, table, segment } = identity
  return `${taskId}\0${operatorId}\0${table}\0${segment}`
}
