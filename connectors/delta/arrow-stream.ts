// Joins Arrow IPC streams of one schema into one stream, without decoding them.
//
//   stream = schema message | record batch messages … | end mark (8 bytes)
//   message = ff ff ff ff | metadata length u32 | metadata | body
import { assert } from '../../engine/errors.ts'

const END_BYTES = 8
const CONTINUATION = 0xffffffff

/** All batches in order. A schema message has no body, so its length tells where batches begin. */
export function joinArrowStreams(streams: readonly Uint8Array[]): Uint8Array {
  const [first] = streams
  assert(first !== undefined, 'no Arrow stream to join')
  if (streams.length === 1) return first
  const parts = streams.map((stream, i) => {
    return stream.subarray(i === 0 ? 0 : schemaBytes(stream), stream.length - END_BYTES)
  })
  parts.push(first.subarray(first.length - END_BYTES))
  const joined = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0))
  let at = 0
  for (const part of parts) {
    joined.set(part, at)
    at += part.length
  }
  return joined
}

function schemaBytes(stream: Uint8Array): number {
  const view = new DataView(stream.buffer, stream.byteOffset, stream.byteLength)
  const end = view.byteLength - END_BYTES
  const isWhole =
    view.getUint32(0, true) === CONTINUATION && view.getUint32(end, true) === CONTINUATION
  assert(isWhole && view.getUint32(end + 4, true) === 0, 'an Arrow stream with its end mark')
  return END_BYTES + view.getUint32(4, true)
}
