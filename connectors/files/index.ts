// Files: JSON lines and CSV as sources, JSON lines out.
export {
  type FileSink,
  type FileSinkOptions,
  fileSink,
  type RowEncoder,
} from './file-sink.ts'
export { type FileFormat, type FileSourceOptions, fileSource } from './file-source.ts'
export { decodeBookmark, type FileBookmark } from './input-file.ts'
