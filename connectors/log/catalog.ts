// Catalog: which home each topic of a data folder has, in `<data>/catalog.json`. Written whole to a
// temporary file, flushed, renamed, and the folder flushed: a reader sees one version or the next.
// A file lock serialises writers of several processes.
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
import { type Clock, systemClock } from '../../engine/clock.ts'
import {
  ConfigError,
  errorCode,
  MillraceError,
  StateCorruptError,
  StorageError,
} from '../../engine/errors.ts'
import { lockFile } from './file-lock.ts'

/** Where a topic lives: the shared log, or the environment of the job that writes it. */
export type TopicPlace = { readonly home: 'log' } | { readonly home: 'job'; readonly job: string }

export type Catalog = ReadonlyMap<string, TopicPlace>

const FILE = 'catalog.json'

/**
 * The catalog of a data folder; empty when none was written.
 * @throws StateCorruptError CATALOG_CORRUPT
 */
export function readCatalog(dataFolder: string): Catalog {
  const path = join(dataFolder, FILE)
  if (!existsSync(path)) return new Map()
  const topics = new Map<string, TopicPlace>()
  const text = readFileSync(path, 'utf8')
  for (const [topic, place] of Object.entries(parseTopics(path, text))) {
    topics.set(topic, checkedPlace(path, topic, place))
  }
  return topics
}

/**
 * Adds topics; those that are there with the same home are left alone.
 * @throws ConfigError TOPIC_HOME when a topic has another home: a topic has one
 * @throws StorageError LOCK_HELD, CATALOG_UNWRITABLE
 */
export async function registerTopics(
  dataFolder: string,
  topics: Catalog,
  clock: Clock = systemClock,
): Promise<Catalog> {
  // Topics never leave the catalog: when all are there, nothing has to be locked or written.
  const before = readCatalog(dataFolder)
  if (merged(before, topics).size === before.size) return before
  mkdirSync(dataFolder, { recursive: true })
  const release = await lock(join(dataFolder, FILE), clock)
  try {
    const known = readCatalog(dataFolder)
    const all = merged(known, topics)
    if (all.size > known.size) writeCatalog(dataFolder, all)
    return all
  } finally {
    release()
  }
}

/** @throws ConfigError TOPIC_HOME */
function merged(known: Catalog, added: Catalog): Catalog {
  const all = new Map(known)
  for (const [topic, place] of added) {
    const old = known.get(topic)
    if (old !== undefined && !samePlace(old, place)) throw otherHome(topic, old, place)
    all.set(topic, place)
  }
  return all
}

function writeCatalog(dataFolder: string, topics: Catalog): void {
  const path = join(dataFolder, FILE)
  const sorted = [...topics].sort(([a], [b]) => (a < b ? -1 : 1))
  const text = `${JSON.stringify({ version: 1, topics: Object.fromEntries(sorted) }, null, 2)}\n`
  try {
    const temporary = `${path}.new`
    const file = openSync(temporary, 'w')
    try {
      writeFileSync(file, text)
      fsyncSync(file)
    } finally {
      closeSync(file)
    }
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

function unwritable(path: string, cause: unknown): StorageError {
  return new StorageError({
    code: 'CATALOG_UNWRITABLE',
    message: `${path} can not be written`,
    found: errorCode(cause),
    remedy: 'Check the rights of the folder and the space on its disk.',
    cause,
  })
}

async function lock(path: string, clock: Clock): Promise<() => void> {
  try {
    return await lockFile(`${path}.lock`, { clock })
  } catch (error) {
    throw error instanceof MillraceError ? error : unwritable(path, error)
  }
}

function parseTopics(path: string, text: string): object {
  try {
    const parsed: unknown = JSON.parse(text)
    if (typeof parsed === 'object' && parsed !== null && 'topics' in parsed) {
      const { topics } = parsed
      if (typeof topics === 'object' && topics !== null) return topics
    }
  } catch (error) {
    throw corrupt(path, 'no JSON', error)
  }
  throw corrupt(path, 'no "topics"')
}

function checkedPlace(path: string, topic: string, place: unknown): TopicPlace {
  if (typeof place === 'object' && place !== null && 'home' in place) {
    if (place.home === 'log') return { home: 'log' }
    if (place.home === 'job' && 'job' in place && typeof place.job === 'string') {
      return { home: 'job', job: place.job }
    }
  }
  throw corrupt(path, `"${topic}": ${JSON.stringify(place)}`)
}

function samePlace(a: TopicPlace, b: TopicPlace): boolean {
  return describe(a) === describe(b)
}

function describe(place: TopicPlace): string {
  return place.home === 'log' ? 'the shared log' : `job "${place.job}"`
}

function otherHome(topic: string, old: TopicPlace, place: TopicPlace): ConfigError {
  return new ConfigError({
    code: 'TOPIC_HOME',
    message: `topic "${topic}" has a home already`,
    expected: describe(old),
    found: describe(place),
    remedy: 'A topic is written by one job, or from outside. Choose another name.',
  })
}

function corrupt(path: string, found: string, cause?: unknown): StateCorruptError {
  return new StateCorruptError({
    code: 'CATALOG_CORRUPT',
    message: `${path} can not be understood`,
    expected: 'the topics and their homes as JSON',
    found,
    remedy: 'Restore the file, or remove it and start the jobs once: they register their topics.',
    cause,
  })
}
