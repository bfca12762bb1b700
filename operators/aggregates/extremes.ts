// The least or greatest value of a column; `min.ts` and `max.ts` are its two directions. Null
// without values. Not invertible: a window keeps running extremes in another way (two stacks).
//
// Order: numbers by value, with -0 below 0 and NaN above all (as Flink and Spark sort); false below
// true; strings and bytes by unsigned bytes (for UTF-8 that is code point order).
import {
  type ByteReader,
  type ByteWriter,
  type Column,
  columnAt,
  type RecordBatch,
} from '../../engine/batch/index.ts'
import { assert } from '../../engine/errors.ts'
import { type DataType, type Field, type Schema, typeName } from '../../engine/schema/index.ts'
import type { Accumulators, Aggregate, AggregateDescriptor, AggregateKind } from './aggregate.ts'
import { ByteExtremes } from './byte-extremes.ts'
import {
  grownFloat64,
  grownUint8,
  inputOf,
  laneCapacity,
  readVersion,
  typeMismatch,
} from './lanes.ts'

const VERSION = 1
const State = { empty: 0, value: 1, wide: 2 } as const
const EXACT_MAX = Number.MAX_SAFE_INTEGER

/** -1 keeps the least value, 1 the greatest. */
export type Direction = -1 | 1

export function extremeKind(kind: 'min' | 'max', direction: Direction): AggregateKind {
  const resultField = (
    name: string,
    descriptor: AggregateDescriptor,
    input: Schema<unknown>,
  ): Field => {
    const { field } = inputOf(descriptor, input)
    if (field.type.kind === 'list' || field.type.kind === 'struct') {
      throw typeMismatch(kind, field, 'a column whose values have an order')
    }
    return { name, type: field.type, nullable: field.nullable }
  }
  return {
    resultField,
    instantiate(name, descriptor, input): Aggregate {
      const { index, field } = inputOf(descriptor, input)
      const isText = field.type.kind === 'string' || field.type.kind === 'bytes'
      return {
        field: resultField(name, descriptor, input),
        layout: `${kind}(${typeName(field.type)})`,
        invertible: false,
        create: () =>
          isText
            ? new ByteExtremes(index, direction)
            : new NumberExtremes(index, direction, field.type),
      }
    },
  }
}

class NumberExtremes implements Accumulators {
  readonly #column: number
  readonly #direction: Direction
  readonly #type: DataType
  #values = new Float64Array(0)
  #states = new Uint8Array(0)
  /** Exact values of the rows whose state is `wide`. */
  readonly #wide = new Map<number, bigint>()

  constructor(column: number, direction: Direction, type: DataType) {
    this.#column = column
    this.#direction = direction
    this.#type = type
  }

  get sizeBytes(): number {
    return this.#values.byteLength + this.#states.byteLength + this.#wide.size * 64
  }

  ensureRows(count: number): void {
    const capacity = laneCapacity(this.#states.length, count)
    if (capacity === this.#states.length) return
    this.#values = grownFloat64(this.#values, capacity)
    this.#states = grownUint8(this.#states, capacity)
  }

  clear(from: number, to: number): void {
    this.#states.fill(State.empty, from, to)
    if (this.#wide.size > 0) for (let row = from; row < to; row++) this.#wide.delete(row)
  }

  add(rows: Int32Array, batch: RecordBatch, from: number, to: number): void {
    const column = columnAt(batch, this.#column)
    assert('values' in column, `an extreme of a ${column.kind} column`)
    const { values, nulls } = column
    const wide = column.kind === 'integer' ? column.wide : undefined
    for (let i = from; i < to; i++) {
      if (nulls !== undefined && nulls[i] === 1) continue
      if (wide === undefined) this.#take(rows[i]!, values[i]!)
      else this.#takeExact(rows[i]!, wide[i] ?? 0n)
    }
  }

  merge(targets: Int32Array, source: Accumulators, sources: Int32Array, count: number): void {
    assert(source instanceof NumberExtremes, 'extremes merge extremes')
    for (let i = 0; i < count; i++) {
      const row = sources[i]!
      const state = source.#states[row]!
      if (state === State.value) this.#take(targets[i]!, source.#values[row]!)
      else if (state === State.wide) this.#takeExact(targets[i]!, source.#wide.get(row) ?? 0n)
    }
  }

  result(rows: Int32Array, count: number): Column {
    const values = new Float64Array(count)
    let nulls: Uint8Array | undefined
    let anyWide = false
    for (let i = 0; i < count; i++) {
      const row = rows[i]!
      const state = this.#states[row]!
      if (state === State.empty) {
        nulls ??= new Uint8Array(count)
        nulls[i] = 1
      } else {
        values[i] = this.#values[row]!
        if (state === State.wide) anyWide = true
      }
    }
    switch (this.#type.kind) {
      case 'bool':
        return { kind: 'bool', values: Uint8Array.from(values), nulls }
      case 'int32':
      case 'date':
        return { kind: 'int32', values: Int32Array.from(values), nulls }
      case 'int64':
      case 'decimal': {
        const wide = anyWide
          ? Array.from(values, (value, i) => this.#wide.get(rows[i]!) ?? BigInt(value))
          : undefined
        return { kind: 'integer', values, wide, nulls }
      }
      default:
        return { kind: 'float64', values, nulls }
    }
  }

  encode(row: number, writer: ByteWriter): void {
    const state = this.#states[row]!
    writer.uint8(VERSION)
    writer.uint8(state)
    if (state === State.value) writer.float64(this.#values[row]!)
    else if (state === State.wide) writer.text((this.#wide.get(row) ?? 0n).toString())
  }

  decode(row: number, reader: ByteReader): void {
    readVersion(reader, VERSION)
    const state = reader.uint8()
    if (state === State.value) this.#set(row, reader.float64())
    else if (state === State.wide) this.#setWide(row, BigInt(reader.text()))
  }

  #take(row: number, value: number): void {
    const state = this.#states[row]!
    if (state === State.value) {
      if (isBeyond(value, this.#values[row]!, this.#direction)) this.#values[row] = value
    } else if (state === State.empty) {
      this.#set(row, value)
    } else {
      this.#takeExact(row, BigInt(value))
    }
  }

  #takeExact(row: number, value: bigint): void {
    const state = this.#states[row]!
    if (state !== State.empty) {
      const known = state === State.wide ? (this.#wide.get(row) ?? 0n) : BigInt(this.#values[row]!)
      if (this.#direction < 0 ? value >= known : value <= known) return
    }
    const number = Number(value)
    if (number >= -EXACT_MAX && number <= EXACT_MAX) {
      this.#wide.delete(row)
      this.#set(row, number)
    } else {
      this.#setWide(row, value)
    }
  }

  #set(row: number, value: number): void {
    this.#values[row] = value
    this.#states[row] = State.value
  }

  #setWide(row: number, value: bigint): void {
    this.#values[row] = Number(value)
    this.#states[row] = State.wide
    this.#wide.set(row, value)
  }
}

/** Whether `value` comes before (-1) or after (1) `known` in the total order. */
function isBeyond(value: number, known: number, direction: Direction): boolean {
  if (value < known) return direction < 0
  if (value > known) return direction > 0
  if (value === 0 && known === 0) {
    const [low, high] = direction < 0 ? [value, known] : [known, value]
    return Object.is(low, -0) && Object.is(high, 0)
  }
  // Equal, or NaN on one side: NaN is above all.
  const [isNumber, isKnown] = [!Number.isNaN(value), !Number.isNaN(known)]
  return direction < 0 ? isNumber && !isKnown : !isNumber && isKnown
}
