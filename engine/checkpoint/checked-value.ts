// A value with its checksum: CRC32C over the store's name, the key and the value, so that a flipped
// bit is seen and a value doesn't pass under another key.
//
//   crc u32 (little-endian) | value
import { crc32c } from '@node-rs/crc32'
import { StateCorruptError } from '../errors.ts'

const seeds = new Map<string, number>()

export function wrapValue(store: string, key: Uint8Array, value: Uint8Array): Uint8Array {
  const wrapped = new Uint8Array(value.length + 4)
  wrapped.set(value, 4)
  const crc = checksum(store, key, value)
  new DataView(wrapped.buffer).setUint32(0, crc, true)
  return wrapped
}

/** The value, a copy. @throws StateCorruptError VALUE_CORRUPT */
export function unwrapValue(store: string, key: Uint8Array, wrapped: Uint8Array): Uint8Array {
  if (wrapped.length < 4) throw corrupt(store, key, 'a checksum', `${wrapped.length} bytes`)
  const value = Uint8Array.from(wrapped.subarray(4))
  const view = new DataView(wrapped.buffer, wrapped.byteOffset, wrapped.byteLength)
  const stored = view.getUint32(0, true)
  const computed = checksum(store, key, value)
  if (stored !== computed) throw corrupt(store, key, `CRC32C ${stored}`, `${computed}`)
  return value
}

/** The checksum that stands in front of a value. */
export function storedChecksum(wrapped: Uint8Array): number {
  const view = new DataView(wrapped.buffer, wrapped.byteOffset, wrapped.byteLength)
  return view.getUint32(0, true)
}

function checksum(store: string, key: Uint8Array, value: Uint8Array): number {
  let seed = seeds.get(store)
  if (seed === undefined) {
    seed = crc32c(store)
    seeds.set(store, seed)
  }
  return crc32c(value, crc32c(key, seed))
}

function corrupt(store: string, key: Uint8Array, expected: string, found: string) {
  return new StateCorruptError({
    code: 'VALUE_CORRUPT',
    message: `a stored value of ${store} is damaged (key ${Buffer.from(key).toString('hex')})`,
    expected,
    found,
    remedy: 'Restore a savepoint, or begin anew in an empty data folder.',
  })
}
