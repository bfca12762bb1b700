// withPosition: adds where each record came from as the columns `_partition` and `_offset`, so that
// a raw table can be replayed in the order of its topic.
import { type Column, type RecordBatch, recordBatch } from '../engine/batch/index.ts'
import { logicalOperator, Stream } from '../engine/graph/index.ts'
import type { Operator, Output } from '../engine/operator.ts'
import { int32, int64, type Schema, schema, schemaOf } from '../engine/schema/index.ts'
import { outputLike } from './stateless.ts'

const position = schema({ _partition: int32(), _offset: int64() })

export interface PositionColumns {
  /** Partition of the source topic; -1 for rows that an operator made. */
  readonly _partition: number
  readonly _offset: bigint
}

/** @throws ConfigError SCHEMA_INVALID when the stream has such columns already. */
export function withPosition() {
  return <Row>(stream: Stream<Row>): Stream<Row & PositionColumns> => {
    const output = schemaOf([...stream.schema.fields, ...position.fields])
    const operator = logicalOperator({
      kind: 'with-position',
      inputs: [stream.reference],
      takesChangelog: true,
      outputs: [outputLike(stream.output, output, (column) => column)],
      preserves: 'all',
      instantiate: () => new WithPosition(output),
    })
    return new Stream({ operator, port: 0 })
  }
}

class WithPosition implements Operator {
  readonly #schema: Schema<unknown>

  constructor(output: Schema<unknown>) {
    this.#schema = output
  }

  onBatch(batch: RecordBatch, _input: number, out: Output): void {
    const { source, length } = batch
    const partition: Column = {
      kind: 'int32',
      values: new Int32Array(length).fill(source?.partition ?? -1),
      nulls: undefined,
    }
    const offset: Column = {
      kind: 'integer',
      values: source?.offsets ?? new Float64Array(length).fill(-1),
      wide: undefined,
      nulls: undefined,
    }
    const columns = [...batch.columns, partition, offset]
    out.emit(recordBatch({ ...batch, schema: this.#schema, columns }))
  }
}
