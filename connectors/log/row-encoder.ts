// rowEncoder: rows of a schema as the values of a topic, in the topic's format. What it writes, the
// decoder of the same format and schema reads back.
import type { ByteWriter } from '../../engine/batch/index.ts'
import { encodeMsgpackRow } from '../../engine/codec/index.ts'
import { assertNever } from '../../engine/errors.ts'
import { JsonWriter } from '../../engine/json/index.ts'
import type { Schema } from '../../engine/schema/index.ts'
import type { TopicFormat } from './topic-definition.ts'
import type { RowEncoder } from './topic-sink.ts'

/** For one sink in one thread. */
export function rowEncoder(schema: Schema<unknown>, format: TopicFormat): RowEncoder {
  switch (format) {
    case 'json':
      return jsonRows(schema)
    case 'msgpack':
      return { encode: encodeMsgpackRow }
    default:
      return assertNever(format)
  }
}

/** A JSON writer belongs to one buffer; a sink has one buffer a partition. */
function jsonRows(schema: Schema<unknown>): RowEncoder {
  const writers = new WeakMap<ByteWriter, JsonWriter>()
  let last: JsonWriter | undefined
  return {
    encode(batch, row, out) {
      if (last === undefined || last.out !== out) {
        last = writers.get(out) ?? new JsonWriter(schema, out)
        writers.set(out, last)
      }
      last.writeRow(batch, row)
    },
  }
}
