// The value encoder of a topic or file: rows as JSON or MessagePack, into whatever buffer is given.
import type { ByteWriter, RecordBatch } from '../../engine/batch/index.ts'
import { encodeMsgpackRow } from '../../engine/codec/index.ts'
import { JsonWriter } from '../../engine/json/index.ts'
import type { Schema } from '../../engine/schema/index.ts'

export interface RowEncoder {
  /** Appends one row as one value. */
  encode(batch: RecordBatch, row: number, out: ByteWriter): void
}

export function rowEncoder(format: 'json' | 'msgpack', schema: Schema<unknown>): RowEncoder {
  if (format === 'msgpack') return { encode: encodeMsgpackRow }
  // A JsonWriter belongs to one buffer; a sink has one buffer per partition.
  const writers = new WeakMap<ByteWriter, JsonWriter>()
  let last: JsonWriter | undefined
  return {
    encode(batch, row, out) {
      if (last?.out !== out) {
        last = writers.get(out) ?? new JsonWriter(schema, out)
        writers.set(out, last)
      }
      last.writeRow(batch, row)
    },
  }
}
