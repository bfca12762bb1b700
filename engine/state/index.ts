// State: tables, segments, keys.
export { KeyIndex } from './key-index.ts'
export { readSequence, writeSequence } from './sequence.ts'
export type { SegmentWriter, StateTable, TableFormat } from './state-table.ts'
