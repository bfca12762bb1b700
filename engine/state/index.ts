// State: tables, segments, keys.
export type { SegmentWriter, StateTable, TableFormat } from './state-table.ts'
