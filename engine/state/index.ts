// State: tables, segments, keys.
export { KeyIndex } from './key-index.ts'
export { coalesceRanges, compareBytes, coversKeys, coversRange } from './key-range.ts'
export {
  decodeFooter,
  encodeFooter,
  type KeyRange,
  type SegmentFooter,
  type SegmentIdentity,
} from './segment.ts'
export { SegmentBlock } from './segment-block.ts'
export { type EncodedSegment, SegmentEncoder } from './segment-encoder.ts'
export { MergedRows, type MergeInput } from './segment-merge.ts'
export { readSequence, writeSequence } from './sequence.ts'
export type { SegmentWriter, StateTable, TableFormat } from './state-table.ts'
export { compareFormats, describeFields, type FormatDecision } from './table-format.ts'
