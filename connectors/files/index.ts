// Files: JSON lines and CSV, in and out.
export { type FileFormat, formatOf } from './file-format.ts'
export { type FileSink, type FileSinkOptions, fileSink } from './file-sink.ts'
export { type FileSourceOptions, fileSource } from './file-source.ts'
export { decodeBookmark, type FileBookmark } from './input-file.ts'
export type { RowEncoder } from './line-format.ts'
