// rename: gives columns other names. Nothing is copied; the order of the columns stays.
import { Stream } from '../engine/graph/index.ts'
import { columnIndex } from '../engine/schema/index.ts'
import { pickColumns } from './select.ts'

/** The row with its columns renamed: `{ old: 'new' }`. */
export type Renamed<Row, Names extends Readonly<Record<string, string>>> = {
  readonly [K in keyof Row as K extends keyof Names ? Names[K] : K]: Row[K]
}

/**
 * @example rename({ total: 'order_total' })
 * @throws ConfigError COLUMN_UNKNOWN, SCHEMA_INVALID when two columns would have one name
 */
export function rename<const Names extends Readonly<Record<string, string>>>(names: Names) {
  return <Row extends { readonly [K in keyof Names]: unknown }>(
    stream: Stream<Row>,
  ): Stream<Renamed<Row, Names>> => {
    const newNames = new Map(Object.entries(names))
    for (const name of newNames.keys()) columnIndex(stream.schema, name)
    const columns = stream.schema.fields.map(({ name }) => ({
      from: name,
      to: newNames.get(name) ?? name,
    }))
    return new Stream<Renamed<Row, Names>>(pickColumns('rename', stream, columns))
  }
}
