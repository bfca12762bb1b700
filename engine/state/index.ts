// State: tables, segments, keys.
export { KeyIndex } from './key-index.ts'
export { coalesceRanges, compareBytes, coversKeys, coversRange } from './key-range.ts'
export { ListTable } from './list-table.ts'
export { MapTable } from './map-table.ts'
export {
  decodeFooter,
  encodeFooter,
  type KeyRange,
  type SegmentFooter,
  type SegmentIdentity,
} from './segment.ts'
export { SegmentBlock } from './segment-block.ts'
export type { MergeInput } from './segment-cursor.ts'
export { type EncodedSegment, SegmentEncoder } from './segment-encoder.ts'
export { MergedRows } from './segment-merge.ts'
export { readSequence, writeSequence } from './sequence.ts'
export { sortByNumber } from './sort-numbers.ts'
export type { SegmentWriter, StateTable, TableFormat } from './state-table.ts'
export type { KeyedLists, KeyedMaps, KeyedRows, ScanRange, Table } from './table.ts'
export { compareFormats, describeFields, type FormatDecision } from './table-format.ts'
export type { TableOptions } from './table-row.ts'
export { ValueTable } from './value-table.ts'
