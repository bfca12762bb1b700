// State that a process function declares: one value, a list or a map a key, with a time to live by
// event time. Declarations are plain data; while the function runs, its handles stand on the tables
// of the engine and mean the key of the record or timer at hand.
import { ByteWriter } from '../engine/batch/index.ts'
import { keyCodec } from '../engine/codec/index.ts'
import {
  type ColumnSpec,
  type ColumnSpecs,
  type RowOfSpecs,
  type Schema,
  schemaOf,
} from '../engine/schema/index.ts'
import { ListTable, MapTable, type TableOptions, ValueTable } from '../engine/state/index.ts'
import { type Duration, durationMicros } from '../engine/time/index.ts'

export interface StateOptions {
  /** Event time that a row lives after its last update. Default: for ever. */
  readonly ttl?: Duration
}

/** A piece of state as data. `Value` and `Entry` exist at compile time. */
export interface StateSpec<Kind extends 'value' | 'list' | 'map', Value, Entry = never> {
  readonly kind: Kind
  readonly schema: Schema<unknown>
  /** True when the value is one column, not a row. */
  readonly isColumn: boolean
  readonly entry: Schema<unknown> | undefined
  readonly ttlMicros: number | undefined
  readonly value?: Value
  readonly entryValue?: Entry
}

export type StateSpecs = Readonly<
  Record<string, StateSpec<'value' | 'list' | 'map', unknown, unknown>>
>

/** One value a key. */
export interface ValueHandle<Value> {
  get(): Value | undefined
  set(value: Value): void
  clear(): void
}

/** A list a key, in the order of `add`. */
export interface ListHandle<Value> {
  get(): Value[]
  add(value: Value): void
  clear(): void
}

/** A map a key; entries ascend. */
export interface MapHandle<Entry, Value> {
  get(entry: Entry): Value | undefined
  set(entry: Entry, value: Value): void
  delete(entry: Entry): void
  entries(): [Entry, Value][]
  clear(): void
}

/** The handles of declared state, by name. */
export type StateHandles<Specs extends StateSpecs> = {
  readonly [K in keyof Specs]: Specs[K] extends StateSpec<'value', infer Value, unknown>
    ? ValueHandle<Value>
    : Specs[K] extends StateSpec<'list', infer Value, unknown>
      ? ListHandle<Value>
      : Specs[K] extends StateSpec<'map', infer Value, infer Entry>
        ? MapHandle<Entry, Value>
        : never
}

/** One value a key: a column's value, or a row of columns. */
export function valueState<T>(spec: ColumnSpec<T>, options?: StateOptions): StateSpec<'value', T>
export function valueState<S extends ColumnSpecs>(
  specs: S,
  options?: StateOptions,
): StateSpec<'value', RowOfSpecs<S>>
export function valueState(spec: ColumnSpec<unknown> | ColumnSpecs, options: StateOptions = {}) {
  return stateSpec('value', spec, undefined, options)
}

/** A list a key. */
export function listState<T>(spec: ColumnSpec<T>, options?: StateOptions): StateSpec<'list', T>
export function listState<S extends ColumnSpecs>(
  specs: S,
  options?: StateOptions,
): StateSpec<'list', RowOfSpecs<S>>
export function listState(spec: ColumnSpec<unknown> | ColumnSpecs, options: StateOptions = {}) {
  return stateSpec('list', spec, undefined, options)
}

/** A map a key, from values of one column to values or rows. */
export function mapState<K, T>(
  entry: ColumnSpec<K>,
  spec: ColumnSpec<T>,
  options?: StateOptions,
): StateSpec<'map', T, K>
export function mapState<K, S extends ColumnSpecs>(
  entry: ColumnSpec<K>,
  specs: S,
  options?: StateOptions,
): StateSpec<'map', RowOfSpecs<S>, K>
export function mapState(
  entry: ColumnSpec<unknown>,
  spec: ColumnSpec<unknown> | ColumnSpecs,
  options: StateOptions = {},
) {
  return stateSpec('map', spec, entry, options)
}

function stateSpec<Kind extends 'value' | 'list' | 'map'>(
  kind: Kind,
  spec: ColumnSpec<unknown> | ColumnSpecs,
  entry: ColumnSpec<unknown> | undefined,
  { ttl }: StateOptions,
): StateSpec<Kind, never, never> {
  const isColumn = isColumnSpec(spec)
  return {
    kind,
    schema: schemaOfSpecs(isColumn ? { value: spec } : spec),
    isColumn,
    entry: entry && schemaOfSpecs({ entry }),
    ttlMicros: ttl === undefined ? undefined : durationMicros(ttl),
  }
}

function schemaOfSpecs(specs: ColumnSpecs): Schema<unknown> {
  return schemaOf(
    Object.entries(specs).map(([name, { type, isNullable }]) => ({
      name,
      type,
      nullable: isNullable,
    })),
  )
}

function isColumnSpec(spec: ColumnSpec<unknown> | ColumnSpecs): spec is ColumnSpec<unknown> {
  return typeof spec.isNullable === 'boolean'
}

/** What the handles mean at the moment. */
export interface StateCursor {
  /** Encoded key. */
  key: Uint8Array
  /** Event time of updates. */
  time: number
}

/** A declared piece of state of a running operator. */
export interface RunningState {
  readonly table: ValueTable | ListTable | MapTable
  readonly handle: unknown
}

export function runningState(
  name: string,
  spec: StateSpecs[string],
  cursor: StateCursor,
): RunningState {
  const { kind, schema, ttlMicros } = spec
  const options: TableOptions = {
    name: `state-${name}`,
    schema,
    ...(ttlMicros === undefined ? {} : { ttl: ttlMicros }),
  }
  switch (kind) {
    case 'value':
      return valueTable(options, spec, cursor)
    case 'list':
      return listTable(options, spec, cursor)
    default:
      return mapTable(options, spec, cursor)
  }
}

function valueTable(options: TableOptions, spec: StateSpecs[string], cursor: StateCursor) {
  const table = new ValueTable(options)
  const handle: ValueHandle<unknown> = {
    get: () => fromRow(spec, table.get(cursor.key)),
    set: (value) => table.put(cursor.key, toRow(spec, value), cursor.time),
    clear: () => void table.delete(cursor.key),
  }
  return { table, handle }
}

function listTable(options: TableOptions, spec: StateSpecs[string], cursor: StateCursor) {
  const table = new ListTable(options)
  const handle: ListHandle<unknown> = {
    get: () => table.get(cursor.key).map((row) => fromRow(spec, row)),
    add: (value) => table.append(cursor.key, toRow(spec, value), cursor.time),
    clear: () => void table.clear(cursor.key),
  }
  return { table, handle }
}

function mapTable(options: TableOptions, spec: StateSpecs[string], cursor: StateCursor) {
  const table = new MapTable(options)
  const codec = keyCodec(spec.entry?.fields ?? [])
  const writer = new ByteWriter()
  const encoded = (entry: unknown) => {
    writer.clear()
    codec.encodeValues([entry], writer)
    return writer.toBytes()
  }
  const handle: MapHandle<unknown, unknown> = {
    get: (entry) => fromRow(spec, table.get(cursor.key, encoded(entry))),
    set: (entry, value) => {
      table.put(cursor.key, encoded(entry), toRow(spec, value), cursor.time)
    },
    delete: (entry) => void table.delete(cursor.key, encoded(entry)),
    entries: () =>
      Array.from(table.scan(cursor.key), ([entry, row]) => [
        codec.decode(entry)[0],
        fromRow(spec, row),
      ]),
    clear: () => void table.clear(cursor.key),
  }
  return { table, handle }
}

function toRow(spec: StateSpecs[string], value: unknown): Readonly<Record<string, unknown>> {
  if (spec.isColumn) return { value }
  return typeof value === 'object' && value !== null
    ? Object.fromEntries(Object.entries(value))
    : {}
}

function fromRow(spec: StateSpecs[string], row: Record<string, unknown> | undefined): unknown {
  return row !== undefined && spec.isColumn ? row.value : row
}
