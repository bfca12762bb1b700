// Arrays of numbers and flags in few bytes, for the batch codec. Little-endian, as the machines we
// run on; values come back bit for bit, except that the -0 of a whole number becomes 0.
//
//   numbers   form │ what follows                                  used for
//             0    │ count × float64                               fractions, wide spans
//             1 2 4│ float64 least, count × (value - least)        whole, span below 2^(8 × form)
//             8    │ float64 value                                 all equal
//             9    │ float64 first                                 first, first + 1, first + 2 …
//   flags     count bits, low first, padded to a byte
//
// Forms 8 and 9 take no bytes a value, so a reader must know a bound of `count`; where none is
// known (items of lists) the writer asks for `isSized`, which leaves them out.
import { endianness } from 'node:os'
import type { ByteReader, ByteWriter } from '../batch/index.ts'
import { assert, StateCorruptError } from '../errors.ts'

assert(endianness() === 'LE', 'the codecs need a little-endian machine')

let words = new Uint32Array(1024)
let doubles = new Float64Array(1024)

/** A copy of `values` as float64, valid until the next call; keeps the loops below monomorphic. */
function asDoubles(values: Int32Array | Uint8Array | Float64Array): Float64Array {
  if (values.length > doubles.length) doubles = new Float64Array(values.length * 2)
  doubles.set(values)
  return doubles
}

/** Writes whole numbers (or any float64, in form 0). */
export function writeNumbers(
  values: Int32Array | Uint8Array | Float64Array,
  isSized: boolean,
  writer: ByteWriter,
): void {
  const count = values.length
  const source = values instanceof Float64Array ? values : asDoubles(values)
  const first = count === 0 ? 0 : source[0]!
  let least = first
  let most = first
  let isWhole = true
  let isSequence = count > 1
  for (let i = 0; i < count; i++) {
    const value = source[i]!
    if (value < least) least = value
    if (value > most) most = value
    if (value !== Math.floor(value)) isWhole = false
    if (value !== first + i) isSequence = false
  }
  isWhole &&= Number.isSafeInteger(least) && Number.isSafeInteger(most)
  if (isWhole && isSequence && !isSized) {
    writer.uint8(9)
    writer.float64(first)
  } else if (isWhole && least === most && !isSized) {
    writer.uint8(8)
    writer.float64(least)
  } else if (isWhole && most - least < 4294967296) {
    writeFrame(source, count, least, most - least, writer)
  } else {
    writer.uint8(0)
    writeDoubles(source, count, writer)
  }
}

function writeFrame(
  source: Float64Array,
  count: number,
  least: number,
  span: number,
  writer: ByteWriter,
): void {
  const form = span < 256 ? 1 : span < 65536 ? 2 : 4
  writer.uint8(form)
  writer.float64(least)
  writer.reserve(count * form)
  const { bytes } = writer
  let at = writer.length
  if (form === 1) {
    for (let i = 0; i < count; i++) bytes[at++] = source[i]! - least
  } else if (form === 2) {
    for (let i = 0; i < count; i++) {
      const value = source[i]! - least
      bytes[at++] = value
      bytes[at++] = value >> 8
    }
  } else {
    if (count > words.length) words = new Uint32Array(count * 2)
    for (let i = 0; i < count; i++) words[i] = source[i]! - least
    bytes.set(new Uint8Array(words.buffer, 0, 4 * count), at)
  }
  writer.length += count * form
}

/** The bytes of float64s, as they are. */
export function writeDoubles(source: Float64Array, count: number, writer: ByteWriter): void {
  writer.raw(new Uint8Array(source.buffer, source.byteOffset, 8 * count))
}

export function readDoubles(count: number, reader: ByteReader): Float64Array {
  // Counts are checked before anything is allocated.
  const source = reader.raw(8 * count)
  const values = new Float64Array(count)
  new Uint8Array(values.buffer).set(source)
  return values
}

/** Reads what `writeNumbers` wrote; `count` is bounded by the caller unless `isSized`. */
export function readNumbers(count: number, isSized: boolean, reader: ByteReader): Float64Array {
  const form = reader.uint8()
  if (form === 0) return readDoubles(count, reader)
  const least = reader.float64()
  if (form === 8 && !isSized) return new Float64Array(count).fill(least)
  if (form === 9 && !isSized) {
    const values = new Float64Array(count)
    for (let i = 0; i < count; i++) values[i] = least + i
    return values
  }
  if (form !== 1 && form !== 2 && form !== 4) throw corrupt('a form of numbers', `${form}`)
  const source = reader.raw(count * form)
  const values = new Float64Array(count)
  if (form === 1) {
    for (let i = 0; i < count; i++) values[i] = least + source[i]!
  } else if (form === 2) {
    for (let i = 0, at = 0; i < count; i++, at += 2) {
      values[i] = least + (source[at]! | (source[at + 1]! << 8))
    }
  } else {
    if (count > words.length) words = new Uint32Array(count * 2)
    new Uint8Array(words.buffer).set(source)
    for (let i = 0; i < count; i++) values[i] = least + words[i]!
  }
  return values
}

/** As `readNumbers`, for values that fit 32 bits. */
export function readInt32s(count: number, isSized: boolean, reader: ByteReader): Int32Array {
  return new Int32Array(readNumbers(count, isSized, reader))
}

/** Lengths of ranges from their offsets (count + 1 of them, not always from 0). */
export function writeLengths(offsets: Int32Array, isSized: boolean, writer: ByteWriter): void {
  const count = offsets.length - 1
  const lengths = new Int32Array(count)
  for (let i = 0; i < count; i++) lengths[i] = offsets[i + 1]! - offsets[i]!
  writeNumbers(lengths, isSized, writer)
}

/** Offsets from 0; their end is at most `endMax`. */
export function readOffsets(
  count: number,
  isSized: boolean,
  endMax: number,
  reader: ByteReader,
): Int32Array {
  const lengths = readNumbers(count, isSized, reader)
  const offsets = new Int32Array(count + 1)
  let end = 0
  for (let i = 0; i < count; i++) {
    const length = lengths[i]!
    end += length
    if (!(length >= 0 && end <= endMax)) throw corrupt(`lengths up to ${endMax} in all`, `${end}`)
    offsets[i + 1] = end
  }
  return offsets
}

export function writeFlags(flags: Uint8Array, writer: ByteWriter): void {
  const count = flags.length
  const size = (count + 7) >> 3
  writer.reserve(size)
  const { bytes, length } = writer
  bytes.fill(0, length, length + size)
  for (let i = 0; i < count; i++) bytes[length + (i >> 3)]! |= flags[i]! << (i & 7)
  writer.length += size
}

export function readFlags(count: number, reader: ByteReader): Uint8Array {
  const source = reader.raw((count + 7) >> 3)
  const flags = new Uint8Array(count)
  for (let i = 0; i < count; i++) flags[i] = (source[i >> 3]! >> (i & 7)) & 1
  return flags
}

/** Bytes that pass their checksum but can not be what the writer wrote, or miss it. */
export function corrupt(expected: string, found: string): StateCorruptError {
  return new StateCorruptError({
    code: 'BATCH_CORRUPT',
    message: 'an encoded batch is damaged',
    expected,
    found,
    remedy: 'Read it again from where it came from; a stored one is lost.',
  })
}
