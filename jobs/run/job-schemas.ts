// Opens the topics of a job with their schemas before it reads or writes a record: where a topic has
// other versions and its compatibility mode forbids the change, the run does not start.
import { type Catalog, type OpenedTopic, openTopicSchemas } from '../../connectors/log/index.ts'
import type { Clock } from '../../engine/clock.ts'
import { assert } from '../../engine/errors.ts'
import {
  type LogicalJob,
  type LogicalSink,
  operatorsOf,
  type Topic,
  topicOf,
} from '../../engine/graph/index.ts'
import { type DataType, type Field, type Schema, schemaOf } from '../../engine/schema/index.ts'
import { compatibilityOf } from '../sinks.ts'
import { openSinks, type RunOptions } from './run-options.ts'

/**
 * @throws StateMismatchError SCHEMA_INCOMPATIBLE; ConfigError CHANGELOG_INPUT; StateCorruptError,
 * StorageError
 */
export async function openSchemas(
  job: LogicalJob,
  options: RunOptions,
  homes: Catalog,
  clock: Clock,
): Promise<void> {
  const read = operatorsOf(job).flatMap((operator) =>
    operator.kind === 'source' ? [readTopic(job.name, topicOf(operator), options, homes)] : [],
  )
  const written = job.sinks.flatMap((sink) =>
    isInHome(sink, options) ? [writtenTopic(job.name, sink)] : [],
  )
  await openTopicSchemas(options.data, [...read, ...written], clock)
}

function readTopic(job: string, topic: Topic, options: RunOptions, homes: Catalog): OpenedTopic {
  const { name, compatibility: mode, rawColumn } = topic
  // The raw column holds the whole record: it is no field of it.
  const fields = topic.schema.fields.filter((field) => field.name !== rawColumn)
  const opened = { job, mode, schema: schemaOf(fields) }
  if (options.inputs[name] !== undefined) {
    return { ...opened, key: `${job}/${name}`, as: options.fresh ? 'begin' : 'declare' }
  }
  return { ...opened, key: name, as: homes.get(name)?.home === 'job' ? 'read' : 'declare' }
}

function isInHome(sink: LogicalSink, options: RunOptions): boolean {
  const { kind, name } = sink.description
  return kind === 'topic' && options.outputs[name] === undefined && openSinks(options)(sink)
}

function writtenTopic(job: string, sink: LogicalSink): OpenedTopic {
  const { operator, port } = sink.input
  const output = operator.outputs[port]
  assert(output !== undefined, `sink ${sink.id}: operator ${operator.kind} has no output ${port}`)
  const { name } = sink.description
  const mode = compatibilityOf(sink.description)
  const { isChangelog } = output
  return { job, key: name, schema: asWritten(output.schema), isChangelog, mode, as: 'declare' }
}

/** Whatever numbers a timestamp was read from, it is written as text. */
function asWritten(schema: Schema<unknown>): Schema<unknown> {
  return schemaOf(schema.fields.map(fieldAsWritten))
}

function fieldAsWritten(field: Field): Field {
  return { ...field, type: typeAsWritten(field.type) }
}

function typeAsWritten(type: DataType): DataType {
  switch (type.kind) {
    case 'timestamp':
      return { kind: 'timestamp' }
    case 'list':
      return { kind: 'list', item: fieldAsWritten(type.item) }
    case 'struct':
      return { kind: 'struct', fields: type.fields.map(fieldAsWritten) }
    default:
      return type
  }
}
