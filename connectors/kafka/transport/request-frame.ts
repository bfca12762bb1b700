// A request as it goes over the wire, with its header:
//
//   int32 length │ int16 key │ int16 version │ int32 correlation │ text client │ (tags) │ body
import type { KafkaRequest } from '../protocol/kafka-request.ts'
import { ProtocolWriter } from '../protocol/protocol-writer.ts'

/** A buffer of its own: nobody writes to it again, so that the socket may keep it. */
export function requestFrame(
  { api, bytesHint, write }: Pick<KafkaRequest<unknown>, 'api' | 'bytesHint' | 'write'>,
  correlation: number,
  clientId: string,
): Uint8Array {
  const writer = new ProtocolWriter(bytesHint + 14 + 3 * clientId.length)
  writer.int32(0)
  writer.int16(api.key)
  writer.int16(api.version)
  writer.int32(correlation)
  writer.text(clientId)
  if (api.isFlexible) writer.noTags()
  write(writer)
  writer.setInt32(0, writer.length - 4)
  return writer.view()
}
