// CatalogFile: `<data>/catalog.json`, what is known of the topics of a data folder. Written whole to a
// temporary file, flushed, renamed, and the folder flushed: a reader sees one version or the next.
// A file lock serialises writers of several processes. It knows nothing of what the entries mean.
import {
  closeSync,
  existsSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import type { Clock } from '../../engine/clock.ts'
import { errorCode, MillraceError, StateCorruptError, StorageError } from '../../engine/errors.ts'
import { lockFile } from './file-lock.ts'

const FILE = 'catalog.json'

/** The members of the file by name; their values are checked by whoever reads them. */
export interface CatalogFile {
  readonly path: string
  readonly topics: Readonly<Record<string, unknown>>
  readonly schemas: Readonly<Record<string, unknown>>
}

/** Empty when none was written. @throws StateCorruptError CATALOG_CORRUPT */
export function readCatalogFile(dataFolder: string): CatalogFile {
  const path = join(dataFolder, FILE)
  if (!existsSync(path)) return { path, topics: {}, schemas: {} }
  const file = parsed(path, readFileSync(path, 'utf8'))
  if (!('topics' in file)) throw catalogCorrupt(path, 'no "topics"')
  return {
    path,
    topics: recordOf(path, 'topics', file.topics),
    schemas: 'schemas' in file ? recordOf(path, 'schemas', file.schemas) : {},
  }
}

/**
 * Runs one change of the file alone among all processes: `change` gets what is there and gives what
 * is to be, or undefined to leave it.
 * @throws StorageError LOCK_HELD, CATALOG_UNWRITABLE; what `change` throws
 */
export async function changeCatalogFile(
  dataFolder: string,
  clock: Clock,
  change: (found: CatalogFile) => Pick<CatalogFile, 'topics' | 'schemas'> | undefined,
): Promise<void> {
  mkdirSync(dataFolder, { recursive: true })
  const release = await lock(join(dataFolder, FILE), clock)
  try {
    const found = readCatalogFile(dataFolder)
    const next = change(found)
    if (next !== undefined) writeFile(dataFolder, found.path, next)
  } finally {
    release()
  }
}

export function catalogCorrupt(path: string, found: string, cause?: unknown): StateCorruptError {
  return new StateCorruptError({
    code: 'CATALOG_CORRUPT',
    message: `${path} can not be understood`,
    expected: 'the topics, their homes and their schemas as JSON',
    found,
    remedy: 'Restore the file, or remove it and start the jobs once: they register their topics.',
    cause,
  })
}

function writeFile(
  dataFolder: string,
  path: string,
  { topics, schemas }: Pick<CatalogFile, 'topics' | 'schemas'>,
): void {
  const file = { version: 1, topics: sorted(topics), schemas: sorted(schemas) }
  try {
    const temporary = `${path}.new`
    writeFlushed(temporary, `${JSON.stringify(file, null, 2)}\n`)
    renameSync(temporary, path)
    const folder = openSync(dataFolder, 'r')
    try {
      fsyncSync(folder)
    } finally {
      closeSync(folder)
    }
  } catch (error) {
    throw unwritable(path, error)
  }
}

function writeFlushed(path: string, text: string): void {
  const file = openSync(path, 'w')
  try {
    writeFileSync(file, text)
    fsyncSync(file)
  } finally {
    closeSync(file)
  }
}

async function lock(path: string, clock: Clock): Promise<() => void> {
  try {
    return await lockFile(`${path}.lock`, { clock })
  } catch (error) {
    throw error instanceof MillraceError ? error : unwritable(path, error)
  }
}

function sorted(of: Readonly<Record<string, unknown>>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(of).sort(([a], [b]) => (a < b ? -1 : 1)))
}

function parsed(path: string, text: string): object {
  try {
    const found: unknown = JSON.parse(text)
    if (typeof found === 'object' && found !== null) return found
  } catch (error) {
    throw catalogCorrupt(path, 'no JSON', error)
  }
  throw catalogCorrupt(path, 'no object')
}

function recordOf(path: string, name: string, value: unknown): Record<string, unknown> {
  if (typeof value !== 'object' || value === null) throw catalogCorrupt(path, `no "${name}"`)
  return Object.fromEntries(Object.entries(value))
}

function unwritable(path: string, cause: unknown): StorageError {
  return new StorageError({
    code: 'CATALOG_UNWRITABLE',
    message: `${path} can not be written`,
    found: errorCode(cause),
    remedy: 'Check the rights of the folder and the space on its disk.',
    cause,
  })
}
