import fc from 'fast-check'
import { expect, it } from 'vitest'
import { MillraceError } from '../../../../engine/errors.ts'
import { batchOf, concat, producer, readAll, record } from './batch-fixture.ts'
import { checked, mark } from './batch-patch.ts'

const PAYLOAD_BYTES_MAX = 1 << 20

const records = Array.from({ length: 60 }, (_, i) => ({
  ...record(`{"order_id":${i},"note":"${'ab'.repeat(i)}"}`, `key-${i}`, 1000 + i),
  headers: [['mr-op', '+U']] as const,
}))

const response = concat(
  batchOf(records),
  batchOf(records, { baseOffset: 60, compression: 'snappy' }),
  batchOf(records, { baseOffset: 120, compression: 'lz4', producer: producer(1) }),
  batchOf(records, { baseOffset: 180, compression: 'gzip' }),
  mark({ baseOffset: 240, producerId: 1, type: 'abort' }),
  batchOf(records, { baseOffset: 241 }),
)

interface Damage {
  readonly kind: 'flip' | 'set' | 'cut' | 'remove' | 'insert'
  readonly at: number
  readonly byte: number
}

const damages: fc.Arbitrary<Damage[]> = fc.array(
  fc.record({
    kind: fc.constantFrom('flip', 'flip', 'set', 'cut', 'remove', 'insert'),
    at: fc.nat(response.length),
    byte: fc.nat(255),
  }),
  { minLength: 1, maxLength: 6 },
)

const codes = /^KAFKA_(BATCH_(DAMAGED|CORRUPT|CUT|FORMAT)|PAYLOAD_(CORRUPT|TOO_LARGE)|COMPRESSION)/

it('damage of any kind ends in records or in a named error', () => {
  const property = fc.property(damages, (list) => {
    outcome(list.reduce(damaged, response))
  })
  fc.assert(property, { numRuns: 2000 })
})

it('so do records that were written wrongly, behind the right checksum', () => {
  const batches = (['none', 'snappy', 'lz4', 'gzip'] as const).map((compression) =>
    batchOf(records, { compression }),
  )
  const property = fc.property(fc.constantFrom(...batches), damages, (batch, list) => {
    // The header's numbers and the records, not the frame: the checksum is set again.
    const inside = list.map(({ kind, at, byte }) => ({
      kind,
      at: 21 + (at % (batch.length - 21)),
      byte,
    }))
    const wrong = inside.reduce(damaged, batch)
    if (wrong.length >= 61) outcome(checked(wrong))
  })
  fc.assert(property, { numRuns: 3000 })
})

it('random bytes in a frame that is right are no records', () => {
  const property = fc.property(
    fc.uint8Array({ maxLength: 300 }),
    fc.integer({ min: 0, max: 4 }),
    fc.nat(5),
    (payload, compression, count) => {
      const header = batchOf([record('a')]).slice(0, 61)
      const view = new DataView(header.buffer)
      view.setInt16(21, compression)
      view.setInt32(23, 5)
      view.setInt32(57, count)
      outcome(checked(concat(header, payload)))
    },
  )
  fc.assert(property, { numRuns: 3000 })
})

/** Reads all of it; anything but records or a named error fails. */
function outcome(bytes: Uint8Array): void {
  const aborted = [{ producerId: 1, firstOffset: 120 }]
  try {
    readAll(bytes, { aborted, payloadBytesMax: PAYLOAD_BYTES_MAX, tombstones: 'skip' })
  } catch (error) {
    if (!(error instanceof MillraceError)) throw error
    expect(error.code).toMatch(codes)
  }
}

function damaged(bytes: Uint8Array, { kind, at, byte }: Damage): Uint8Array {
  const place = Math.min(at, bytes.length - 1)
  if (place < 0) return bytes
  const before = bytes.subarray(0, place)
  switch (kind) {
    case 'cut':
      return before
    case 'remove':
      return concat(before, bytes.subarray(place + 1 + (byte & 7)))
    case 'insert':
      return concat(before, Uint8Array.of(byte), bytes.subarray(place))
    default: {
      const copy = bytes.slice()
      copy[place] = kind === 'set' ? byte : copy[place]! ^ (1 << (byte & 7))
      return copy
    }
  }
}
