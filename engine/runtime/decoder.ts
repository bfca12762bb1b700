// The record decoder of a topic: its format and policies applied to its schema.
import { msgpackDecoder } from '../codec/index.ts'
import type { RecordDecoder } from '../connector.ts'
import { assertNever } from '../errors.ts'
import type { Topic } from '../graph/index.ts'
import { jsonDecoder } from '../json/index.ts'

export function recordDecoder(topic: Topic): RecordDecoder {
  const policies = {
    ...topic.fields,
    ...(topic.rawColumn === undefined ? {} : { rawColumn: topic.rawColumn }),
  }
  switch (topic.format) {
    case 'json':
      return jsonDecoder(topic.schema, policies)
    case 'msgpack':
      return msgpackDecoder(topic.schema, policies)
    default:
      return assertNever(topic.format)
  }
}
