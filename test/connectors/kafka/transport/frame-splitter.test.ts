import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { FrameSplitter } from '../../../../connectors/kafka/transport/frame-splitter.ts'

const BYTES_MAX = 1000

function split(chunks: readonly Uint8Array[], bytesMax = BYTES_MAX): string[] {
  const frames: string[] = []
  const splitter = new FrameSplitter(bytesMax, (frame) => {
    frames.push(Buffer.from(frame).toString('hex'))
  })
  for (const chunk of chunks) splitter.push(Buffer.from(chunk))
  return frames
}

function withLength(body: Uint8Array): Buffer {
  const length = Buffer.alloc(4)
  length.writeInt32BE(body.length)
  return Buffer.concat([length, body])
}

describe('the frame splitter', () => {
  it('gives the same frames however the bytes are cut', () => {
    const bodies = fc.array(fc.uint8Array({ maxLength: 60 }), { maxLength: 20 })
    fc.assert(
      fc.property(bodies, fc.array(fc.nat(300), { maxLength: 20 }), (frames, cuts) => {
        const bytes = Buffer.concat(frames.map(withLength))
        const places = [0, ...cuts.map((cut) => Math.min(cut, bytes.length)), bytes.length]
        places.sort((a, b) => a - b)
        const chunks = places.slice(1).map((end, i) => bytes.subarray(places[i], end))
        const expected = frames.map((frame) => Buffer.from(frame).toString('hex'))
        expect(split(chunks)).toEqual(expected)
      }),
    )
  })

  it('refuses a length below nothing or above its bound before it waits for the bytes', () => {
    expect(() => split([Buffer.from([0xff, 0xff, 0xff, 0xff])])).toThrow(/found -1/)
    expect(() => split([Buffer.from([0, 0, 3, 0xe9])])).toThrow(/0 to 1000 bytes; found 1001/)
    expect(split([Buffer.from([0, 0, 3, 0xe8])])).toEqual([])
  })

  it('names what is no Kafka broker', () => {
    expect(() => split([Buffer.from('HTTP/1.1 400 Bad Request')])).toThrow(/KAFKA_GARBLED/)
  })
})
