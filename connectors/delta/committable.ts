// Committable: what one epoch adds to one table, as bytes from which any process can deliver it.
//
//   magic "MRDC" | version u8 = 1 | CRC32C of the rest u32 | JSON in UTF-8
import { crc32c } from '@node-rs/crc32'
import { ByteReader, ByteWriter } from '../../engine/batch/index.ts'
import { StateCorruptError } from '../../engine/errors.ts'
import { listOf, numberOf, objectOf, textOf } from './json-value.ts'

export interface DataFile {
  /** Relative to the table's folder. */
  readonly path: string
  readonly sizeBytes: number
  readonly rows: number
  /** Delta statistics as JSON text. */
  readonly stats: string
  readonly modificationMs: number
}

export interface Committable {
  readonly table: string
  readonly appId: string
  readonly lineage: string
  readonly slot: number
  readonly term: number
  readonly epoch: number
  readonly schemaText: string
  readonly files: readonly DataFile[]
}

const magic = 0x4344524d
const version = 1
const encoder = new TextEncoder()
const decoder = new TextDecoder('utf-8', { fatal: true })

export function encodeCommittable(committable: Committable): Uint8Array {
  const body = encoder.encode(JSON.stringify(committable))
  const writer = new ByteWriter(body.length + 9)
  writer.uint32(magic)
  writer.uint8(version)
  writer.uint32(crc32c(body))
  writer.raw(body)
  return writer.toBytes()
}

/**
 * The committable and its CRC32C, by which a second delivery is told from a foreign one.
 * @throws StateCorruptError COMMITTABLE_CORRUPT when a bit differs
 */
export function decodeCommittable(bytes: Uint8Array): {
  readonly committable: Committable
  readonly crc: number
} {
  const reader = new ByteReader(bytes)
  if (reader.remaining < 9 || reader.uint32() !== magic) throw damaged('the mark MRDC', 'another')
  const found = reader.uint8()
  if (found !== version) throw damaged(`version ${version}`, `version ${found}`)
  const crc = reader.uint32()
  const body = reader.raw(reader.remaining)
  const actual = crc32c(body)
  if (actual !== crc) throw damaged(`CRC32C ${crc}`, `${actual}`)
  return { committable: parse(decoder.decode(body)), crc }
}

function parse(text: string): Committable {
  const json = objectOf(JSON.parse(text), 'committable')
  return {
    table: textOf(json.table, 'committable.table'),
    appId: textOf(json.appId, 'committable.appId'),
    lineage: textOf(json.lineage, 'committable.lineage'),
    slot: numberOf(json.slot, 'committable.slot'),
    term: numberOf(json.term, 'committable.term'),
    epoch: numberOf(json.epoch, 'committable.epoch'),
    schemaText: textOf(json.schemaText, 'committable.schemaText'),
    files: listOf(json.files, 'committable.files').map((item) => {
      const file = objectOf(item, 'committable.files')
      return {
        path: textOf(file.path, 'committable.files.path'),
        sizeBytes: numberOf(file.sizeBytes, 'committable.files.sizeBytes'),
        rows: numberOf(file.rows, 'committable.files.rows'),
        stats: textOf(file.stats, 'committable.files.stats'),
        modificationMs: numberOf(file.modificationMs, 'committable.files.modificationMs'),
      }
    }),
  }
}

function damaged(expected: string, found: string): StateCorruptError {
  return new StateCorruptError({
    code: 'COMMITTABLE_CORRUPT',
    message: 'a lake committable is damaged',
    expected,
    found,
    remedy: 'Restore the data folder from a copy or a savepoint.',
  })
}
