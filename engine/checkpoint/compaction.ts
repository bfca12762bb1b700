// Compaction of the tables of one slot, in slices between epochs. A slice reads and merges before its
// transaction, then writes the merged blocks, shortens the inputs and replaces the manifest at once:
// a crash leaves the state before or after it. While a merge goes on its output holds the keys below
// the cut and its inputs those above; inputs keep their erased ranges until the end.
import {
  coalesceRanges,
  type EncodedSegment,
  MergedRows,
  type SegmentEncoder,
  type SegmentFooter,
} from '../state/index.ts'
import { type CompactionDecision, decideCompaction, shortened } from './compaction-decision.ts'
import { identityOf, type SegmentStore } from './segment-store.ts'
import type { MergeEntry, SegmentEntry, TableManifest } from './task-manifest.ts'

/** One slice of work on a table, ready to be written. */
export interface CompactionSlice {
  /** The table as it is once the slice is committed. */
  readonly table: TableManifest
  /** The segment number that was taken, if one was. */
  readonly tookNumber: boolean
  readonly bytesRead: number
  /** Runs inside the transaction. */
  write(): void
  /** Runs after it. */
  committed(): void
}

/** The next slice of a table, or undefined when there is nothing to do. */
export function nextSlice(
  store: SegmentStore,
  taskId: string,
  table: TableManifest,
  nextSegment: number,
  encoder: SegmentEncoder,
  budgetBytes: number,
): CompactionSlice | undefined {
  const decision = decide(store, taskId, table)
  switch (decision.kind) {
    case 'none':
      return undefined
    case 'trim':
      return trimSlice(store, taskId, table, decision.drop, decision.shorten)
    case 'begin': {
      const { inputs, isBase } = decision
      const begun = beginMerge(table, { output: nextSegment, inputs, isBase })
      return mergeSlice(store, taskId, begun, encoder, budgetBytes, true)
    }
    case 'continue':
      return mergeSlice(store, taskId, table, encoder, budgetBytes, false)
  }
}

/** True when `nextSlice` would find work. */
export function hasWork(store: SegmentStore, taskId: string, table: TableManifest): boolean {
  return decide(store, taskId, table).kind !== 'none'
}

function decide(store: SegmentStore, taskId: string, table: TableManifest): CompactionDecision {
  const facts = table.segments.map((entry) => ({
    entry,
    footer: store.footer(identityOf(taskId, table, entry.number), entry),
  }))
  return decideCompaction(table, facts, store.liveRows(taskId, table))
}

function trimSlice(
  store: SegmentStore,
  taskId: string,
  table: TableManifest,
  drop: readonly SegmentEntry[],
  shorten: readonly SegmentEntry[],
): CompactionSlice {
  const segments = table.segments
    .filter((entry) => !drop.includes(entry))
    .map((entry) => shorten.find((later) => later.number === entry.number) ?? entry)
  return {
    table: { ...table, segments },
    tookNumber: false,
    bytesRead: 0,
    write: () => {
      for (const entry of drop) store.remove(identityOf(taskId, table, entry.number), entry)
      for (const later of shorten) {
        const before = table.segments.find((entry) => entry.number === later.number)
        const identity = identityOf(taskId, table, later.number)
        store.removeBlocks(identity, before?.firstBlock ?? later.firstBlock, later.firstBlock)
      }
    },
    committed: () => {
      for (const entry of drop) store.forget(identityOf(taskId, table, entry.number))
    },
  }
}

/** The manifest with an empty output right behind the inputs (it is not written before its slice). */
function beginMerge(table: TableManifest, merge: MergeEntry): TableManifest {
  const last = merge.inputs.at(-1)
  const output = { number: merge.output, firstBlock: 0, endBlock: 0, rows: 0, bytes: 0 }
  const segments = table.segments.flatMap((entry) =>
    entry.number === last ? [entry, output] : [entry],
  )
  return { ...table, segments, merge }
}

function mergeSlice(
  store: SegmentStore,
  taskId: string,
  table: TableManifest,
  encoder: SegmentEncoder,
  budgetBytes: number,
  isFirst: boolean,
): CompactionSlice {
  const merge = table.merge ?? { output: -1, inputs: [], isBase: false }
  const inputs = table.segments.filter((entry) => merge.inputs.includes(entry.number))
  const output = table.segments.find((entry) => entry.number === merge.output) ?? EMPTY
  const identity = identityOf(taskId, table, merge.output)
  const merged = mergeRows(store, taskId, table, inputs, encoder, budgetBytes, output.endBlock)
  const inputFooters = inputs.map((entry) =>
    store.footer(identityOf(taskId, table, entry.number), entry),
  )
  const before = isFirst ? undefined : store.footer(identity, output)
  const isDone = merged.cut === undefined
  const footer = joinFooters(before, merged.encoded, inputFooters, isDone && !merge.isBase)
  const cut = merged.cut
  const isEmpty = footer.rows === 0 && footer.ranges.length === 0
  const grown = { ...outputEntry(output, footer), number: merge.output }
  const segments = table.segments.flatMap((entry) => {
    if (entry.number === merge.output) return isDone && isEmpty ? [] : [grown]
    const at = inputs.indexOf(entry)
    const own = inputFooters[at]
    if (own === undefined) return [entry]
    return cut === undefined ? [] : [shortened(entry, own, cut)]
  })
  const { merge: _, ...rest } = table
  return {
    table: isDone ? { ...rest, segments } : { ...table, segments },
    tookNumber: isFirst,
    bytesRead: merged.bytesRead,
    write: () => {
      for (const entry of inputs) {
        const own = identityOf(taskId, table, entry.number)
        const later = segments.find(({ number }) => number === entry.number)
        if (later === undefined) store.remove(own, entry)
        else store.removeBlocks(own, entry.firstBlock, later.firstBlock)
      }
      if (!(isDone && isEmpty)) store.put(identity, merged.encoded, footer)
      else if (!isFirst) store.remove(identity, output)
    },
    committed: () => {
      store.remember(identity, footer)
      if (!isDone) return
      for (const entry of inputs) store.forget(identityOf(taskId, table, entry.number))
      if (isEmpty) store.forget(identity)
    },
  }
}

const EMPTY: SegmentEntry = { number: -1, firstBlock: 0, endBlock: 0, rows: 0, bytes: 0 }

function mergeRows(
  store: SegmentStore,
  taskId: string,
  table: TableManifest,
  inputs: readonly SegmentEntry[],
  encoder: SegmentEncoder,
  budgetBytes: number,
  firstBlock: number,
): {
  readonly encoded: EncodedSegment
  readonly cut: Uint8Array | undefined
  readonly bytesRead: number
} {
  const merge = table.merge ?? { output: -1, inputs: [], isBase: false }
  const sources = inputs.map((entry) => store.input(identityOf(taskId, table, entry.number), entry))
  const rows = new MergedRows(sources)
  encoder.begin(identityOf(taskId, table, merge.output), firstBlock)
  const opened = rows.bytesRead
  let cut: Uint8Array | undefined
  let taken = 0
  while (rows.next()) {
    const { block, row } = rows
    if (taken > 0 && rows.bytesRead - opened > budgetBytes) {
      cut = block.key(row).slice()
      break
    }
    taken++
    const length = block.valueLengths[row]!
    if (length < 0 && merge.isBase) continue
    encoder.copy(block.bytes, block.keyStarts[row]!, block.keyLengths[row]!, length)
  }
  const format = sources.at(-1)?.footer.format ?? { version: 1 }
  const encoded = encoder.finish(format) ?? {
    blocks: [],
    firstBlock,
    footer: { ...NO_ROWS, format },
  }
  return { encoded, cut, bytesRead: rows.bytesRead }
}

const NO_ROWS = {
  rows: 0,
  deletions: 0,
  bytes: 0,
  ranges: [],
  firstKeys: [],
  blockBytes: [],
  lastKey: new Uint8Array(),
}

function joinFooters(
  before: SegmentFooter | undefined,
  { footer: added }: EncodedSegment,
  inputs: readonly SegmentFooter[],
  keepRanges: boolean,
): SegmentFooter {
  const base = before ?? { ...NO_ROWS, format: added.format }
  return {
    format: added.format,
    rows: base.rows + added.rows,
    deletions: base.deletions + added.deletions,
    bytes: base.bytes + added.bytes,
    ranges: keepRanges ? coalesceRanges(inputs.flatMap(({ ranges }) => ranges)) : [],
    firstKeys: [...base.firstKeys, ...added.firstKeys],
    blockBytes: [...base.blockBytes, ...added.blockBytes],
    lastKey: added.rows > 0 ? added.lastKey : base.lastKey,
  }
}

function outputEntry(output: SegmentEntry, footer: SegmentFooter): SegmentEntry {
  const { rows, bytes } = footer
  return { ...output, endBlock: footer.firstKeys.length, rows, bytes }
}
