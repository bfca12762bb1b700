// Checks a topic's word about its partitioner: where results rely on it, a key met in a partition
// that Kafka's murmur2 would not have chosen stops the job, because the same key could otherwise
// live in two tasks and give two wrong results.

import { recordBatch } from '../batch/index.ts'
import { type KeyCodec, keyCodec } from '../codec/index.ts'
import type { RecordDecoder, SourceRecords } from '../connector.ts'
import { ConfigError } from '../errors.ts'
import type { Topic } from '../graph/index.ts'
import { BATCH_RECORDS_MAX } from '../limits.ts'
import { columnIndex, fieldAt } from '../schema/index.ts'

export interface CheckedPartition {
  readonly topic: Topic
  readonly keys: readonly string[]
  readonly partition: number
  readonly partitions: number
}

/** The decoder with the check behind it. @throws ConfigError KEY_IN_WRONG_PARTITION (when decoding) */
export function checkedDecoder(decoder: RecordDecoder, place: CheckedPartition): RecordDecoder {
  const columns = place.keys.map((key) => columnIndex(decoder.schema, key))
  const codec = keyCodec(columns.map((column) => fieldAt(decoder.schema, column)))
  const partitionOf = new Int32Array(BATCH_RECORDS_MAX)
  const check = (records: SourceRecords): SourceRecords => {
    checkRecords(records, decoder, place, { codec, columns, partitionOf })
    return records
  }
  return {
    schema: decoder.schema,
    decodeLines(bytes, start, end, firstOffset, isLast) {
      const decoded = decoder.decodeLines(bytes, start, end, firstOffset, isLast)
      check(decoded.records)
      return decoded
    },
    decodeRecords: (bytes, starts, ends, offsets, appendTimes) =>
      check(decoder.decodeRecords(bytes, starts, ends, offsets, appendTimes)),
  }
}

interface KeyPlace {
  readonly codec: KeyCodec
  readonly columns: readonly number[]
  readonly partitionOf: Int32Array
}

function checkRecords(
  records: SourceRecords,
  decoder: RecordDecoder,
  place: CheckedPartition,
  { codec, columns, partitionOf }: KeyPlace,
): void {
  if (records.length === 0) return
  const times = new Float64Array(records.length)
  const batch = recordBatch({
    schema: decoder.schema,
    columns: records.columns,
    eventTimes: times,
    watermarksBefore: times,
  })
  codec.partitionRows(batch, columns, place.partitions, partitionOf)
  for (let i = 0; i < batch.length; i++) {
    if (partitionOf[i] !== place.partition) throw wrongPartition(records, i, partitionOf[i]!, place)
  }
}

function wrongPartition(
  records: SourceRecords,
  row: number,
  expected: number,
  place: CheckedPartition,
): ConfigError {
  return new ConfigError({
    code: 'KEY_IN_WRONG_PARTITION',
    message: `topic "${place.topic.name}" is declared as partitioned by murmur2 of ${place.keys}`,
    expected: `the key of offset ${records.offsets[row]} in partition ${expected}`,
    found: `partition ${place.partition}`,
    remedy: "Declare partitioner: 'unknown' on the topic; its records are then repartitioned.",
  })
}
