import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { firstError } from '../../../../connectors/kafka/protocol/kafka-request.ts'
import { ProtocolReader } from '../../../../connectors/kafka/protocol/protocol-reader.ts'
import { ProtocolWriter } from '../../../../connectors/kafka/protocol/protocol-writer.ts'
import { RetryableError } from '../../../../engine/errors.ts'
import { everyRequest } from './every-request.ts'

describe.each(everyRequest.map((request) => ({ name: request.api.name, request })))(
  'the response of $name',
  ({ request }) => {
    it('is read or refused by name, whatever the bytes', () => {
      // Small numbers make counts and lengths that hold, so that the readers get further.
      const byte = fc.oneof(fc.constant(0), fc.nat(4), fc.nat(255))
      fc.assert(
        fc.property(fc.array(byte, { maxLength: 400 }), (bytes) => {
          const reader = new ProtocolReader(Uint8Array.from(bytes))
          try {
            const response = request.read(reader)
            expect(Number.isInteger(request.refusal(response))).toBe(true)
          } catch (error) {
            expect(error).toBeInstanceOf(RetryableError)
          }
        }),
        { numRuns: 500 },
      )
    })

    it('does not fit into no bytes at all', () => {
      expect(() => request.read(new ProtocolReader(new Uint8Array(0)))).toThrow(/KAFKA_GARBLED/)
    })
  },
)

describe('a request', () => {
  it.each(everyRequest)('is written within its first buffer: $api.name', (request) => {
    const writer = new ProtocolWriter(request.bytesHint)
    request.write(writer)
    expect(writer.length).toBeLessThanOrEqual(request.bytesHint)
  })
})

describe('the error of several results', () => {
  it('is the first one that was itself to blame', () => {
    expect(firstError([0, 0])).toBe(0)
    expect(firstError([0, 55, 3, 6, 55])).toBe(3)
    expect(firstError([55, 55])).toBe(55)
  })
})
