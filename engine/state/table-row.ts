// How the tables for users encode their rows: by schema, so that they migrate by field name. A table
// with a time to live stores the time of the row's last update as one more field, `$updated`.
import { ByteWriter } from '../batch/index.ts'
import { type Row, rowCodec } from '../codec/index.ts'
import { assert } from '../errors.ts'
import type { Field, Schema } from '../schema/index.ts'
import type { TableFormat } from './state-table.ts'

const UPDATED = '$updated'

/** What a table for users is made with. */
export interface TableOptions {
  /** Unique within the operator; kebab-case. */
  readonly name: string
  readonly schema: Schema<unknown>
  /**
   * Microseconds of event time that a row lives after its last update; `put` then takes the event
   * time. Absent: for ever.
   */
  readonly ttl?: number
}

/** Encodes and decodes the rows of one table; holds a buffer, so used by one table. */
export interface TableRows {
  readonly format: TableFormat
  /** A view, valid until the next call. */
  encode(row: Readonly<Row>, time: number | undefined): Uint8Array
  decode(bytes: Uint8Array): Row
  /** The later of an update's time and the last one of a row that is due at `due`. */
  latest(time: number | undefined, due: number): number | undefined
  /** When a row that was updated at `time` expires; never without a time to live. */
  dueOf(time: number | undefined): number
  /** The same for a stored row. */
  dueOfBytes(bytes: Uint8Array): number
}

/** @param layout names the table's kind, so that a list isn't read as a map */
export function tableRows({ name, schema, ttl }: TableOptions, layout: string): TableRows {
  const fields: Field[] = [...schema.fields]
  if (ttl !== undefined) {
    assert(ttl > 0, `a time to live of ${ttl} µs in table ${name}`)
    fields.push({ name: UPDATED, type: { kind: 'timestamp' }, nullable: true })
  }
  const codec = rowCodec({ fields })
  const buffer = new ByteWriter()
  const dueOf = (time: number | undefined): number => {
    if (ttl === undefined) return Number.POSITIVE_INFINITY
    assert(time !== undefined, `table ${name} has a time to live: put needs the event time`)
    return time + ttl
  }
  return {
    format: { version: 1, fields, layout },
    encode(row, time) {
      buffer.clear()
      codec.encode(ttl === undefined ? row : { ...row, [UPDATED]: time }, buffer)
      return buffer.view()
    },
    decode(bytes) {
      const row = codec.decode(bytes)
      if (ttl === undefined) return row
      const { [UPDATED]: _, ...rest } = row
      return rest
    },
    latest: (time, due) =>
      ttl === undefined || time === undefined ? time : Math.max(time, due - ttl),
    dueOf,
    dueOfBytes(bytes) {
      if (ttl === undefined) return Number.POSITIVE_INFINITY
      const updated = codec.decode(bytes)[UPDATED]
      // A row from before the table had a time to live: it expires with the first watermark.
      return typeof updated === 'number' ? updated + ttl : Number.NEGATIVE_INFINITY
    },
  }
}
