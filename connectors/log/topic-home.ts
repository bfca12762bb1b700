// Homes of topics: the shared log is one; a job's environment, opened read-only by others, is
// another. This makes a `TopicHome` of whatever gives the three reading methods.
import { type Clock, systemClock } from '../../engine/clock.ts'
import { ConfigError } from '../../engine/errors.ts'
import type { ChunkStore, StoreEntry } from './chunk-store.ts'
import { readDefinition, readDefinitions, type TopicDefinition } from './topic-definition.ts'

/** What a source needs of a topic's home. `EmbeddedLog` is one. */
export interface TopicHome {
  readonly store: ChunkStore
  readonly clock: Clock
  /** @throws ConfigError TOPIC_UNKNOWN that lists the topics there are */
  topic(topic: string): TopicDefinition
}

/** The reading methods of a store whose ranges are iterated; the bytes must be copies. */
export interface IterableStore {
  get(key: Uint8Array): Uint8Array | undefined
  before(key: Uint8Array): StoreEntry | undefined
  range(from: Uint8Array, to: Uint8Array): Iterable<StoreEntry>
}

/** A home over a store with iterable ranges, e.g. the store `topics` of a job's environment. */
export function topicHome(store: IterableStore, clock: Clock = systemClock): TopicHome {
  const chunks: ChunkStore = {
    get: (key) => store.get(key),
    before: (key) => store.before(key),
    range(from, to, limit) {
      const found: StoreEntry[] = []
      for (const entry of store.range(from, to)) {
        found.push(entry)
        if (found.length >= limit) break
      }
      return found
    },
  }
  return {
    store: chunks,
    clock,
    topic: (topic) => readDefinition(chunks, topic) ?? unknownTopic(chunks, topic),
  }
}

/** @throws ConfigError TOPIC_UNKNOWN */
export function unknownTopic(store: ChunkStore, topic: string): never {
  const names = readDefinitions(store).map((known) => known.topic)
  throw new ConfigError({
    code: 'TOPIC_UNKNOWN',
    message: `there is no topic "${topic}"`,
    expected: names.length === 0 ? 'a topic; there is none' : `one of ${names.join(', ')}`,
    found: `"${topic}"`,
    remedy: 'Create the topic first.',
  })
}
