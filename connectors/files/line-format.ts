// LineFormat: how rows become lines of an output file. JSON lines here, CSV in `csv-lines.ts`; where
// the bytes go and when they are decided is the sink's.
import { type ByteWriter, Change, type RecordBatch } from '../../engine/batch/index.ts'

/** Appends one row as one JSON object, without a newline. */
export interface RowEncoder {
  encode(batch: RecordBatch, row: number, out: ByteWriter): void
}

/** For one sink in one thread. */
export interface LineFormat {
  /** What a file begins with; may be empty. */
  readonly header: Uint8Array
  /** Appends one row with its newline. */
  add(batch: RecordBatch, row: number, out: ByteWriter): void
}

const NEWLINE = 10
const COMMA = 44
const NO_BYTES = new Uint8Array(0)
/** The beginning of a line by `Change`; the row's own brace becomes the comma after it. */
const OPS: readonly Uint8Array[] = ['+I', '-U', '+U', '-D'].map((op) =>
  Buffer.from(`{"op":"${op}"`),
)

/** One JSON object a line; the lines of a changelog begin with `"op"`. */
export function jsonLines(encoder: RowEncoder, isChangelog: boolean): LineFormat {
  return {
    header: NO_BYTES,
    add(batch, row, out) {
      if (isChangelog) {
        const change = batch.changes === undefined ? Change.insert : batch.changes[row]!
        out.raw(OPS[change] ?? NO_BYTES)
      }
      const brace = out.length
      encoder.encode(batch, row, out)
      if (isChangelog) out.bytes[brace] = COMMA
      out.uint8(NEWLINE)
    },
  }
}
