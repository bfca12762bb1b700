// User-defined aggregates: plain functions over row values and a codec for their state. State is
// one value a row; functions return the new state and may reuse the old one. An exception in one of
// them stops the job (law 7). The descriptor holds functions, so a job that uses one has no data
// form.
import {
  type ByteReader,
  type ByteWriter,
  type Column,
  columnAt,
  columnBuilder,
  type RecordBatch,
  valueAt,
} from '../../engine/batch/index.ts'
import { assert, ConfigError, UserCodeError } from '../../engine/errors.ts'
import {
  type ColumnSpec,
  columnIndex,
  type Field,
  fieldAt,
  type Schema,
} from '../../engine/schema/index.ts'
import type { Accumulators, Aggregate, AggregateDescriptor, AggregateKind } from './aggregate.ts'
import { readVersion } from './lanes.ts'

const VERSION = 1

/** What a user writes. `merge` must be commutative and associative, and must not change `other`. */
export interface UserAggregate<State, Result> {
  /** Stable name; part of the state's layout. Change it when the bytes change their meaning. */
  readonly name: string
  /** The columns that `add` reads. */
  readonly columns: readonly string[]
  readonly result: ColumnSpec<Result>
  create(): State
  /** `values` in the order of `columns`, in the form of `schema/data-type.ts`; null where null. */
  add(state: State, values: readonly unknown[]): State
  merge(state: State, other: State): State
  /** The exact reverse of `merge`; without it a window keeps two stacks of partials. */
  retract?(state: State, other: State): State
  finish(state: State): Result
  encode(state: State, writer: ByteWriter): void
  decode(reader: ByteReader): State
}

export interface UserDescriptor<Result> extends AggregateDescriptor<'user-defined', undefined> {
  readonly bind: BindUser
  /** For inference only; never present. */
  readonly result?: Result
}

/** Closes over the state's type, which nobody outside needs to know. */
type BindUser = (name: string, input: Schema<unknown>) => Aggregate

/** An aggregate of a user's own functions. */
export function userDefined<State, Result>(
  definition: UserAggregate<State, Result>,
): UserDescriptor<Result> {
  return { kind: 'user-defined', bind: (name, input) => bindUser(definition, name, input) }
}

export const userDefinedKind: AggregateKind = {
  resultField: (name, descriptor, input) => boundUser(name, descriptor, input).field,
  instantiate: boundUser,
}

function boundUser(name: string, descriptor: AggregateDescriptor, input: Schema<unknown>) {
  if (isUserDescriptor(descriptor)) return descriptor.bind(name, input)
  throw new ConfigError({
    code: 'AGGREGATE_KIND',
    message: `"${name}" is a user-defined aggregate without its functions`,
    remedy: 'Make it with userDefined(…) in the job that runs it.',
  })
}

function isUserDescriptor(descriptor: AggregateDescriptor): descriptor is UserDescriptor<unknown> {
  return 'bind' in descriptor && typeof descriptor.bind === 'function'
}

function bindUser<State, Result>(
  definition: UserAggregate<State, Result>,
  name: string,
  input: Schema<unknown>,
): Aggregate {
  const columns = definition.columns.map((column) => columnIndex(input, column))
  const fields = columns.map((column) => fieldAt(input, column))
  const { type, isNullable } = definition.result
  const field: Field = { name, type, nullable: isNullable }
  const invertible = definition.retract !== undefined
  return {
    field,
    layout: `user-defined(${definition.name})`,
    invertible,
    create: () => {
      const plain = new UserAccumulators(definition, field, columns, fields)
      return invertible ? plain : withoutRetract(plain)
    },
  }
}

/** Leaves `retract` out, as the contract says for aggregates that are not invertible. */
function withoutRetract<S, R>(accumulators: UserAccumulators<S, R>): Accumulators {
  Object.defineProperty(accumulators, 'retract', { value: undefined })
  return accumulators
}

class UserAccumulators<State, Result> implements Accumulators {
  readonly #definition: UserAggregate<State, Result>
  readonly #field: Field
  readonly #columns: readonly number[]
  readonly #fields: readonly Field[]
  readonly #states: (State | undefined)[] = []

  constructor(
    definition: UserAggregate<State, Result>,
    field: Field,
    columns: readonly number[],
    fields: readonly Field[],
  ) {
    this.#definition = definition
    this.#field = field
    this.#columns = columns
    this.#fields = fields
  }

  /** The states' own size is unknown: 64 bytes each. */
  get sizeBytes(): number {
    return this.#states.length * 64
  }

  ensureRows(count: number): void {
    while (this.#states.length < count) this.#states.push(undefined)
  }

  clear(from: number, to: number): void {
    this.#states.fill(undefined, from, to)
  }

  add(rows: Int32Array, batch: RecordBatch, from: number, to: number): void {
    const columns = this.#columns.map((column) => columnAt(batch, column))
    for (let i = from; i < to; i++) {
      const values = columns.map((column, c) => valueAt(column, this.#typeAt(c), i))
      const row = rows[i]!
      this.#states[row] = this.#run('add', () => this.#definition.add(this.#state(row), values), i)
    }
  }

  merge(targets: Int32Array, source: Accumulators, sources: Int32Array, count: number): void {
    for (let i = 0; i < count; i++) {
      const other = this.#other(source, sources[i]!)
      const row = targets[i]!
      if (other === undefined) continue
      this.#states[row] = this.#run('merge', () => this.#definition.merge(this.#state(row), other))
    }
  }

  retract(targets: Int32Array, source: Accumulators, sources: Int32Array, count: number): void {
    const definition = this.#definition
    for (let i = 0; i < count; i++) {
      const other = this.#other(source, sources[i]!)
      const row = targets[i]!
      if (other === undefined) continue
      this.#states[row] = this.#run('retract', () => {
        assert(definition.retract !== undefined, `${definition.name} has no retract`)
        return definition.retract(this.#state(row), other)
      })
    }
  }

  result(rows: Int32Array, count: number): Column {
    const builder = columnBuilder(this.#field)
    for (let i = 0; i < count; i++) {
      builder.append(this.#run('finish', () => this.#definition.finish(this.#state(rows[i]!))))
    }
    return builder.finish()
  }

  encode(row: number, writer: ByteWriter): void {
    writer.uint8(VERSION)
    this.#definition.encode(this.#state(row), writer)
  }

  decode(row: number, reader: ByteReader): void {
    readVersion(reader, VERSION)
    this.#states[row] = this.#definition.decode(reader)
  }

  #state(row: number): State {
    return this.#states[row] ?? this.#definition.create()
  }

  #other(source: Accumulators, row: number): State | undefined {
    assert(source instanceof UserAccumulators, 'a user-defined aggregate merges its own kind')
    assert(source.#definition === this.#definition, 'both come from one Aggregate')
    return source.#states[row]
  }

  #typeAt(index: number) {
    const field = this.#fields[index]
    assert(field !== undefined, `input ${index} of ${this.#fields.length}`)
    return field.type
  }

  #run<T>(step: string, body: () => T, record?: number): T {
    try {
      return body()
    } catch (cause) {
      const place = record === undefined ? '' : ` at record ${record} of the batch`
      throw new UserCodeError({
        code: 'AGGREGATE_THREW',
        message: `${this.#definition.name}.${step} threw${place}: ${String(cause)}`,
        remedy: 'Correct the function, or filter such records out before it.',
        cause,
      })
    }
  }
}
