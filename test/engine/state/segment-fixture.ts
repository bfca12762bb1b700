// Snapshots in memory: what a table writes as a checked segment, and restores from several of them.
import {
  decodeFooter,
  type EncodedSegment,
  encodeFooter,
  MergedRows,
  type MergeInput,
  SegmentEncoder,
  type SegmentIdentity,
  type StateTable,
} from '../../../engine/state/index.ts'

export const identity = (segment: number): SegmentIdentity => ({
  taskId: 'stage/0',
  operatorId: 'operator',
  table: 'table',
  segment,
})

/** The segment of what changed since the last snapshot, or undefined. */
export function snapshotOf(table: StateTable, segment: number): MergeInput | undefined {
  const encoder = new SegmentEncoder()
  encoder.begin(identity(segment))
  table.snapshot(encoder)
  const encoded = encoder.finish(table.format)
  return encoded && inputOf(encoded, segment)
}

export function inputOf(encoded: EncodedSegment, segment: number): MergeInput {
  const own = identity(segment)
  const footer = decodeFooter(encodeFooter(encoded.footer, own), own)
  const readBlock = (index: number): Uint8Array | undefined => encoded.blocks[index]
  return { identity: own, footer, firstBlock: 0, from: undefined, readBlock }
}

/** Restores into a new table what the segments hold, oldest first. */
export function restoreInto<T extends StateTable>(inputs: readonly MergeInput[], table: T): T {
  for (const [key, value] of rowsOf(inputs)) table.restore(key, value)
  return table
}

/** Live rows of the segments in order; the bytes are copies. */
export function rowsOf(inputs: readonly MergeInput[]): [Uint8Array, Uint8Array][] {
  const merged = new MergedRows(inputs)
  const rows: [Uint8Array, Uint8Array][] = []
  while (merged.next()) {
    const { block, row } = merged
    if (block.valueLengths[row]! >= 0) rows.push([block.key(row).slice(), block.value(row).slice()])
  }
  return rows
}
