// Arrow in and out. A folder of its own because loading apache-arrow costs 130 ms: only the threads
// that write or read lake files pay for it, so `engine/codec/index.ts` does not lead here.
export { type ArrowColumns, columnsFromArrow, fromArrow } from './arrow-reader.ts'
export { arrowField, arrowSchema, type SystemColumn } from './arrow-schema.ts'
export { ARROW_ROWS_PER_BATCH, type ArrowOptions, toArrow, toArrowIpc } from './arrow-writer.ts'
