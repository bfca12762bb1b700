// Stream, KeyedStream: immutable handles on an output of a logical operator. They describe the
// graph and hold no data; `pipe` applies steps from left to right.
import { assert } from '../errors.ts'
import { columnIndex, type Schema } from '../schema/index.ts'
import type { LogicalOperator, OutputDescription, StreamReference } from './logical-operator.ts'

/** One step: takes a handle, gives a handle. */
export type Step<In, Out> = (input: In) => Out

/** Base of the handles: `pipe` with the types kept through up to nine steps. */
export abstract class Pipeable {
  pipe<A>(a: Step<this, A>): A
  pipe<A, B>(a: Step<this, A>, b: Step<A, B>): B
  pipe<A, B, C>(a: Step<this, A>, b: Step<A, B>, c: Step<B, C>): C
  pipe<A, B, C, D>(a: Step<this, A>, b: Step<A, B>, c: Step<B, C>, d: Step<C, D>): D
  pipe<A, B, C, D, E>(
    a: Step<this, A>,
    b: Step<A, B>,
    c: Step<B, C>,
    d: Step<C, D>,
    e: Step<D, E>,
  ): E
  pipe<A, B, C, D, E, F>(
    a: Step<this, A>,
    b: Step<A, B>,
    c: Step<B, C>,
    d: Step<C, D>,
    e: Step<D, E>,
    f: Step<E, F>,
  ): F
  pipe(...steps: Step<never, unknown>[]): unknown {
    return steps.reduce<unknown>((input, step) => step(input as never), this)
  }
}

/** Rows of one shape. `Row` exists at compile time; `schema` says the same at run time. */
export class Stream<Row> extends Pipeable {
  readonly reference: StreamReference

  constructor(reference: StreamReference) {
    super()
    this.reference = reference
  }

  get output(): OutputDescription {
    const { operator, port } = this.reference
    const output = operator.outputs[port]
    assert(output !== undefined, `operator ${operator.kind} has no output ${port}`)
    return output
  }

  get schema(): Schema<Row> {
    return this.output.schema as Schema<Row>
  }
}

/** A stream whose operator also gives late records; they must be routed or dropped by name. */
export class StreamWithLate<Row, LateRow> extends Stream<Row> {
  /** Records that came after everything they belong to had closed, unchanged. */
  readonly late: Stream<LateRow>

  constructor(operator: LogicalOperator) {
    super({ operator, port: 0 })
    this.late = new Stream<LateRow>({ operator, port: 1 })
  }
}

/** A stream with the columns by which state is kept. `Key` names them. */
export class KeyedStream<Key extends string, Row> extends Pipeable {
  readonly stream: Stream<Row>
  readonly keys: readonly Key[]

  /** @throws ConfigError COLUMN_UNKNOWN */
  constructor(stream: Stream<Row>, keys: readonly Key[]) {
    super()
    for (const key of keys) columnIndex(stream.schema, key)
    this.stream = stream
    this.keys = keys
  }

  get schema(): Schema<Row> {
    return this.stream.schema
  }
}
