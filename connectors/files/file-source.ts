// fileSource: files as a topic: one file is one partition, in file order. JSON lines or CSV; `-` is
// standard input, which can't be read twice and therefore is at-least-once.
import type { PartitionReader, RecordDecoder, Source } from '../../engine/connector.ts'
import { ConfigError } from '../../engine/errors.ts'
import { FILE_READ_BYTES } from '../../engine/limits.ts'
import { csvDecoder, readHeader } from './csv-decoder.ts'
import { FileFeed, PipeFeed } from './feeds.ts'
import { type FileFormat, formatOf } from './file-format.ts'
import { InputFile } from './input-file.ts'
import { limitedDecoder } from './limited-decoder.ts'
import { LineReader } from './line-reader.ts'

export interface FileSourceOptions {
  /** Default: `csv` for names that end in .csv, else `json-lines`. */
  readonly format?: FileFormat
  /** One character between the fields of CSV; default a comma. */
  readonly delimiter?: string
  /** Lines in one batch at most, for tests; JSON lines only. */
  readonly batchRecords?: number
}

/**
 * @param paths one file a partition; `-` for standard input, alone
 * @throws ConfigError INPUT_MISSING for no file at all
 */
export function fileSource(
  paths: string | readonly string[],
  options: FileSourceOptions = {},
): Source {
  const files = typeof paths === 'string' ? [paths] : [...paths]
  const delimiter = (options.delimiter ?? ',').charCodeAt(0)
  if (files.length === 0) throw noFile('at least one file')
  if (files.length > 1 && files.includes('-')) throw noFile('- alone, or files only')
  return {
    partitions: files.length,
    open(partition, given, offset, bookmark): PartitionReader {
      const path = files[partition]
      if (path === undefined) throw noFile(`a partition below ${files.length}`)
      const isCsv = (options.format ?? formatOf(path)) === 'csv'
      const { batchRecords } = options
      const isLimited = batchRecords !== undefined && !isCsv
      const decoder = isLimited ? limitedDecoder(given, batchRecords) : given
      if (path === '-') {
        const own = isCsv ? csvDecoder(decoder, undefined, delimiter) : decoder
        return new LineReader(new PipeFeed(0, 'standard input'), own, offset)
      }
      const own = isCsv ? decoderOf(path, decoder, delimiter) : decoder
      return new LineReader(new FileFeed(path, bookmark), own, offset)
    },
  }
}

/** The header stands at the beginning, wherever reading goes on. */
function decoderOf(path: string, decoder: RecordDecoder, delimiter: number): RecordDecoder {
  const file = new InputFile(path)
  try {
    const bytes = new Uint8Array(FILE_READ_BYTES)
    const length = file.read(bytes, 0, bytes.length)
    if (length === 0) return csvDecoder(decoder, [], delimiter)
    return csvDecoder(decoder, readHeader(bytes, length, delimiter), delimiter)
  } finally {
    file.close()
  }
}

function noFile(expected: string): ConfigError {
  return new ConfigError({
    code: 'INPUT_MISSING',
    message: 'there is no file to read',
    expected,
    remedy: 'Bind the topic to a file: --in topic=file.',
  })
}
