// CRC32C of a file, read in pieces.
import { closeSync, openSync, readSync } from 'node:fs'
import { crc32c } from '@node-rs/crc32'
import { FILE_READ_BYTES } from '../limits.ts'

export function fileChecksum(path: string): number {
  const file = openSync(path, 'r')
  const piece = new Uint8Array(FILE_READ_BYTES)
  try {
    let checksum = 0
    for (;;) {
      const read = readSync(file, piece, 0, piece.length, null)
      if (read === 0) return checksum
      checksum = crc32c(piece.subarray(0, read), checksum)
    }
  } finally {
    closeSync(file)
  }
}
