// Guards against a shortened data.mdb: LMDB maps the file, and touching a page behind its end ends
// the process with SIGBUS. A healthy file may be shorter than its last page, because pages that were
// taken and given back within one transaction are never written; a cut one looks the same. So missing
// pages are appended as zeros, which LMDB reports as corrupt and checksums catch; free pages are
// never read. Appending (O_APPEND) can't hurt a writer: it never touches a byte that exists.
import { closeSync, existsSync, fstatSync, fsyncSync, openSync, readSync, writeSync } from 'node:fs'
import { StateCorruptError } from '../errors.ts'

const META_PAGES = 2
const META_BYTES = 4096
const MAGIC = 0xbeefc0de
// Inside of a meta page: page header, magic, version, address, map size, two tables, last page, txn.
const AT = { magic: 24, pageSize: 48, lastPage: 144, transaction: 152 } as const
const ZEROS = new Uint8Array(1024 * 1024)
/** More than this is not missing from a healthy file. */
const MISSING_BYTES_MAX = 256 * 1024 * 1024

/** Makes every page that the newest meta page counts exist. @throws StateCorruptError STORE_CORRUPT */
export function coverPages(path: string): void {
  if (!existsSync(path)) return
  const file = openSync(path, 'r')
  let missing = 0
  try {
    const size = fstatSync(file).size
    if (size === 0) return
    missing = pagesBytes(file, path) - size
  } finally {
    closeSync(file)
  }
  if (missing > MISSING_BYTES_MAX) throw damaged(path, `${missing} bytes are missing`)
  if (missing > 0) appendZeros(path, missing)
}

function pagesBytes(file: number, path: string): number {
  const page = Buffer.alloc(META_BYTES)
  if (readSync(file, page, 0, META_BYTES, 0) < META_BYTES) throw damaged(path, 'no meta page')
  const pageSize = page.readUInt32LE(AT.pageSize)
  if (page.readUInt32LE(AT.magic) !== MAGIC || pageSize < 512 || pageSize > 65536) {
    throw damaged(path, 'a first page that is not of LMDB')
  }
  let newest = -1
  let lastPage = 0
  for (let i = 0; i < META_PAGES; i++) {
    const read = readSync(file, page, 0, META_BYTES, i * pageSize)
    if (read < AT.transaction + 8 || page.readUInt32LE(AT.magic) !== MAGIC) {
      throw damaged(path, `a damaged meta page ${i}`)
    }
    const transaction = Number(page.readBigUInt64LE(AT.transaction))
    if (transaction <= newest) continue
    newest = transaction
    lastPage = Number(page.readBigUInt64LE(AT.lastPage))
  }
  const bytes = (lastPage + 1) * pageSize
  if (bytes > Number.MAX_SAFE_INTEGER) throw damaged(path, `a last page ${lastPage}`)
  return bytes
}

function appendZeros(path: string, count: number): void {
  const file = openSync(path, 'a')
  try {
    for (let left = count; left > 0; ) {
      left -= writeSync(file, ZEROS, 0, Math.min(left, ZEROS.length))
    }
    fsyncSync(file)
  } finally {
    closeSync(file)
  }
}

function damaged(path: string, found: string): StateCorruptError {
  return new StateCorruptError({
    code: 'STORE_CORRUPT',
    message: `${path} is damaged`,
    found,
    remedy: 'Restore a savepoint, or begin anew in an empty data folder.',
  })
}
