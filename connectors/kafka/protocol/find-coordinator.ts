// FindCoordinator v2: which broker keeps a transactional id or a consumer group.
import { type Api, type KafkaRequest, SMALL_REQUEST_BYTES } from './kafka-request.ts'

export const FIND_COORDINATOR: Api = { name: 'FindCoordinator', key: 10, version: 2, lane: 'admin' }

export type CoordinatorKind = 'group' | 'transaction'

export interface FindCoordinatorResponse {
  readonly throttleMs: number
  readonly errorCode: number
  readonly errorMessage: string | undefined
  readonly broker: number
  readonly host: string
  readonly port: number
}

export function findCoordinatorRequest(
  kind: CoordinatorKind,
  id: string,
): KafkaRequest<FindCoordinatorResponse> {
  return {
    api: FIND_COORDINATOR,
    bytesHint: SMALL_REQUEST_BYTES,
    write: (writer) => {
      writer.text(id)
      writer.int8(kind === 'group' ? 0 : 1)
    },
    read: (reader) => ({
      throttleMs: reader.int32(),
      errorCode: reader.int16(),
      errorMessage: reader.nullableText(),
      broker: reader.int32(),
      host: reader.text(),
      port: reader.int32(),
    }),
    refusal: ({ errorCode }) => errorCode,
  }
}
