// Catalog: which home each topic of a data folder has. A topic has one home for good: the shared log,
// or the environment of the job that writes it.
import { type Clock, systemClock } from '../../engine/clock.ts'
import { ConfigError } from '../../engine/errors.ts'
import { catalogCorrupt, changeCatalogFile, readCatalogFile } from './catalog-file.ts'

/** Where a topic lives: the shared log, or the environment of the job that writes it. */
export type TopicPlace = { readonly home: 'log' } | { readonly home: 'job'; readonly job: string }

export type Catalog = ReadonlyMap<string, TopicPlace>

/**
 * The catalog of a data folder; empty when none was written.
 * @throws StateCorruptError CATALOG_CORRUPT
 */
export function readCatalog(dataFolder: string): Catalog {
  const { path, topics } = readCatalogFile(dataFolder)
  return placesOf(path, topics)
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
  let all = merged(before, topics)
  if (all.size === before.size) return before
  await changeCatalogFile(dataFolder, clock, (found) => {
    const known = placesOf(found.path, found.topics)
    all = merged(known, topics)
    if (all.size === known.size) return undefined
    return { topics: Object.fromEntries(all), schemas: found.schemas }
  })
  return all
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

function placesOf(path: string, topics: Readonly<Record<string, unknown>>): Catalog {
  const places = new Map<string, TopicPlace>()
  for (const [topic, place] of Object.entries(topics)) {
    places.set(topic, checkedPlace(path, topic, place))
  }
  return places
}

function checkedPlace(path: string, topic: string, place: unknown): TopicPlace {
  if (typeof place === 'object' && place !== null && 'home' in place) {
    if (place.home === 'log') return { home: 'log' }
    if (place.home === 'job' && 'job' in place && typeof place.job === 'string') {
      return { home: 'job', job: place.job }
    }
  }
  throw catalogCorrupt(path, `"${topic}": ${JSON.stringify(place)}`)
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
