// Keys of rows that belong to an owner (an entry of a key's map, an item of a key's list).
//
//   owner length (4 bytes, big-endian) | owner | member
import { ByteWriter } from '../batch/index.ts'
import { StateCorruptError } from '../errors.ts'

const buffer = new ByteWriter()

/** A view, valid until the next call. */
export function memberKey(owner: Uint8Array, member: Uint8Array): Uint8Array {
  buffer.clear()
  buffer.uint32Ordered(owner.length)
  buffer.raw(owner)
  buffer.raw(member)
  return buffer.view()
}

/** The owner's length. @throws StateCorruptError KEY_BYTES */
export function ownerLength(key: Uint8Array): number {
  const view = new DataView(key.buffer, key.byteOffset, key.byteLength)
  const length = key.length < 4 ? -1 : view.getUint32(0)
  if (length >= 0 && length <= key.length - 4) return length
  throw new StateCorruptError({
    code: 'KEY_BYTES',
    message: 'the bytes of a stored key can not be read',
    found: Buffer.from(key).toString('hex'),
    remedy: 'Restore a savepoint.',
  })
}

/** A view of the owner. */
export function ownerOf(key: Uint8Array): Uint8Array {
  return key.subarray(4, 4 + ownerLength(key))
}

/** A view of the member. */
export function memberOf(key: Uint8Array): Uint8Array {
  return key.subarray(4 + ownerLength(key))
}
