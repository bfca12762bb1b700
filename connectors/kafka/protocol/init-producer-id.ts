// InitProducerId v1: a producer id and an epoch. With a transactional id it fences every older epoch of
// it and finishes its open transaction either way (CONCURRENT_TRANSACTIONS until that is done).
import { type Api, type KafkaRequest, SMALL_REQUEST_BYTES } from './kafka-request.ts'

export const INIT_PRODUCER_ID: Api = { name: 'InitProducerId', key: 22, version: 1, lane: 'write' }

export interface InitProducerIdOptions {
  readonly transactionalId: string | undefined
  /** After this long without an end the coordinator aborts a transaction. */
  readonly transactionTimeoutMs: number
}

/** Who produces: the id and its epoch go with every request of a transaction and every batch. */
export interface ProducerIdentity {
  readonly producerId: number
  readonly producerEpoch: number
}

export interface InitProducerIdResponse extends ProducerIdentity {
  readonly throttleMs: number
  readonly errorCode: number
}

export function initProducerIdRequest(
  options: InitProducerIdOptions,
): KafkaRequest<InitProducerIdResponse> {
  return {
    api: INIT_PRODUCER_ID,
    bytesHint: SMALL_REQUEST_BYTES,
    write: (writer) => {
      writer.nullableText(options.transactionalId)
      writer.int32(options.transactionTimeoutMs)
    },
    read: (reader) => ({
      throttleMs: reader.int32(),
      errorCode: reader.int16(),
      producerId: reader.int64(),
      producerEpoch: reader.int16(),
    }),
    refusal: ({ errorCode }) => errorCode,
  }
}
