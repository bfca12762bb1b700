// Savepoints: named, self-contained copies of a job's store under `<data>/jobs/<job>/savepoints/`.
// A copy is made in a temporary folder, flushed and renamed: it is there whole or not at all. Its
// manifest names what is inside and the length and CRC32C of every file; both are checked before LMDB
// maps the copy.
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { crc32c } from '@node-rs/crc32'
import type { Clock } from '../clock.ts'
import { ConfigError, StateCorruptError } from '../errors.ts'
import { flush, renameDurably, writeDurably } from './durable-file.ts'
import { Environment } from './environment.ts'
import { failpoint } from './failpoint.ts'
import { fileChecksum } from './file-checksum.ts'
import { storageError } from './storage-error.ts'
import { type JobFacts, StoreReader, type TableFacts } from './store-reader.ts'

export interface SavepointManifest {
  readonly format: 1
  readonly name: string
  /** Epoch microseconds. */
  readonly createdAt: number
  readonly job: JobFacts
  readonly tables: readonly TableFacts[]
  readonly files: readonly {
    readonly name: string
    readonly bytes: number
    readonly crc32c: number
  }[]
}

const MANIFEST = 'manifest.json'
const DATA = 'data.mdb'

/** Where the savepoints of a run stand: beside its run folder. */
export function savepointsFolder(runFolder: string): string {
  return join(runFolder, '..', 'savepoints')
}

export async function createSavepoint(
  env: Environment,
  folder: string,
  name: string,
  clock: Clock,
): Promise<SavepointManifest> {
  checkName(name)
  const target = join(folder, name)
  if (existsSync(target)) throw exists(target)
  const temporary = join(folder, `.tmp-${name}`)
  try {
    rmSync(temporary, { recursive: true, force: true })
    mkdirSync(temporary, { recursive: true })
    await env.backup(temporary)
    const data = join(temporary, DATA)
    flush(data)
    const manifest = await describeCopy(temporary, name, clock)
    const text = `${JSON.stringify(manifest, undefined, 2)}\n`
    writeDurably(join(temporary, MANIFEST), sealed(text))
    failpoint('savepoint.before-rename')
    renameDurably(temporary, target)
    failpoint('savepoint.after-rename')
    return manifest
  } catch (error) {
    throw storageError(error, target)
  }
}

/** Whole savepoints in the order of their creation. */
export function listSavepoints(folder: string): SavepointManifest[] {
  if (!existsSync(folder)) return []
  return readdirSync(folder)
    .filter((name) => !name.startsWith('.') && existsSync(join(folder, name, MANIFEST)))
    .map((name) => readManifest(folder, name))
    .sort((a, b) => a.createdAt - b.createdAt || (a.name < b.name ? -1 : 1))
}

/** The manifest, after every file was checked. @throws ConfigError, StateCorruptError */
export function inspectSavepoint(folder: string, name: string): SavepointManifest {
  const manifest = readManifest(folder, name)
  for (const file of manifest.files) {
    const path = join(folder, name, file.name)
    const size = existsSync(path) ? statSync(path).size : -1
    if (size !== file.bytes) throw damaged(name, `${file.bytes} bytes of ${file.name}`, `${size}`)
    const found = fileChecksum(path)
    if (found !== file.crc32c) {
      throw damaged(name, `CRC32C ${file.crc32c} of ${file.name}`, `${found}`)
    }
  }
  return manifest
}

function readManifest(folder: string, name: string): SavepointManifest {
  checkName(name)
  const path = join(folder, name, MANIFEST)
  if (!existsSync(path)) {
    const known = existsSync(folder) ? readdirSync(folder).filter((n) => !n.startsWith('.')) : []
    throw new ConfigError({
      code: 'SAVEPOINT_UNKNOWN',
      message: `there is no savepoint "${name}"`,
      expected: known.length === 0 ? 'a savepoint; there are none' : `one of ${known.join(', ')}`,
      remedy: 'Name one of `millrace savepoint ls`.',
    })
  }
  return unsealed(name, readFileSync(path, 'utf8'))
}

async function describeCopy(
  folder: string,
  name: string,
  clock: Clock,
): Promise<SavepointManifest> {
  const copy = join(folder, DATA)
  const files = [{ name: DATA, bytes: statSync(copy).size, crc32c: fileChecksum(copy) }]
  const reader = new StoreReader(new Environment(folder, { readOnly: true }))
  try {
    const job = reader.job()
    if (job === undefined) throw damaged(name, 'a job in the copy', 'none')
    const tables = reader.tables()
    return { format: 1, name, createdAt: clock.nowMicros(), job, tables, files }
  } finally {
    await reader.close()
    rmSync(join(folder, 'lock.mdb'), { force: true })
  }
}

/** The text with a last line that holds its checksum. */
function sealed(text: string): string {
  return `${text}#crc32c ${crc32c(text)}\n`
}

function unsealed(name: string, text: string): SavepointManifest {
  const at = text.lastIndexOf('#crc32c ')
  const body = text.slice(0, Math.max(at, 0))
  const stored = text.slice(at + 8).trim()
  if (at < 0 || `${crc32c(body)}` !== stored) {
    throw damaged(name, `a manifest with CRC32C ${stored}`, `${crc32c(body)}`)
  }
  return JSON.parse(body)
}

function checkName(name: string): void {
  if (/^[A-Za-z0-9][A-Za-z0-9._-]{0,99}$/.test(name)) return
  throw new ConfigError({
    code: 'SAVEPOINT_NAME',
    message: `a savepoint can not be named ${JSON.stringify(name)}`,
    expected: 'letters, digits, ".", "_" and "-", 1 to 100 of them, a letter or digit first',
    remedy: 'Choose another name.',
  })
}

function exists(target: string): ConfigError {
  return new ConfigError({
    code: 'SAVEPOINT_EXISTS',
    message: `${target} is there already`,
    remedy: 'Choose another name, or remove that savepoint.',
  })
}

function damaged(name: string, expected: string, found: string): StateCorruptError {
  return new StateCorruptError({
    code: 'SAVEPOINT_CORRUPT',
    message: `savepoint "${name}" is damaged`,
    expected,
    found,
    remedy: 'Restore another savepoint.',
  })
}
