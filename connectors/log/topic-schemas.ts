// TopicSchemas: the schema versions of topics, kept in the catalog of a data folder beside their
// homes. A job opens its topics here before it reads or writes a record. What may follow what is
// decided by `engine/schema`; this carries it out, all topics of a job or none.
//
//   key           whose versions
//   orders        a topic: of the jobs that read it from the shared log, or of the one that writes it
//   fraud/orders  topic "orders" of job "fraud", which reads it from files: a file has no home
import { type Clock, systemClock } from '../../engine/clock.ts'
import { assertNever } from '../../engine/errors.ts'
import {
  COMPATIBILITY_MODES,
  type CompatibilityMode,
  changelogTopic,
  decideVersion,
  readerDifferences,
  type Schema,
  type SchemaVersion,
  sameSchema,
  schemaFromData,
  schemaIncompatible,
} from '../../engine/schema/index.ts'
import {
  type CatalogFile,
  catalogCorrupt,
  changeCatalogFile,
  readCatalogFile,
} from './catalog-file.ts'

/** A topic as a job opens it. */
export interface OpenedTopic {
  /** `orders`, or `fraud/orders` for one that job "fraud" reads from files. */
  readonly key: string
  readonly job: string
  readonly schema: Schema<unknown>
  readonly mode: CompatibilityMode
  /** Its records update and delete earlier ones. */
  readonly isChangelog?: boolean
  /**
   * `declare`: the schema becomes a version. `read`: another job writes the topic, and its versions
   * must be readable. `begin`: as `declare`, and what was known before is forgotten.
   */
  readonly as: 'declare' | 'read' | 'begin'
}

type Versions = ReadonlyMap<string, readonly SchemaVersion[]>

/** All versions by key, oldest first. @throws StateCorruptError CATALOG_CORRUPT */
export function readTopicSchemas(dataFolder: string): Versions {
  return versionsOf(readCatalogFile(dataFolder))
}

/**
 * Opens topics: registers the schemas that are new and allowed.
 * @throws StateMismatchError SCHEMA_INCOMPATIBLE for the first that its mode forbids; ConfigError
 * CHANGELOG_INPUT for one that is read although another job writes updates to it; then no topic gets
 * a version
 * @throws StorageError LOCK_HELD, CATALOG_UNWRITABLE; StateCorruptError CATALOG_CORRUPT
 */
export async function openTopicSchemas(
  dataFolder: string,
  topics: readonly OpenedTopic[],
  clock: Clock = systemClock,
): Promise<void> {
  const now = clock.nowMicros()
  // Most starts find everything registered: then nothing has to be locked or written.
  if (opened(readTopicSchemas(dataFolder), topics, now) === undefined) return
  await changeCatalogFile(dataFolder, clock, (found) => {
    const after = opened(versionsOf(found), topics, now)
    return after && { topics: found.topics, schemas: dataOf(after) }
  })
}

/** The versions after opening, or undefined when there is nothing to change. */
function opened(
  before: Versions,
  topics: readonly OpenedTopic[],
  now: number,
): Versions | undefined {
  const after = new Map(before)
  let isChanged = false
  for (const topic of topics) {
    const next = versionsAfter(after.get(topic.key) ?? [], topic, now)
    if (next === undefined) continue
    after.set(topic.key, next)
    isChanged = true
  }
  return isChanged ? after : undefined
}

function versionsAfter(
  history: readonly SchemaVersion[],
  topic: OpenedTopic,
  now: number,
): readonly SchemaVersion[] | undefined {
  const { key, mode, schema, job, isChangelog = false } = topic
  if (topic.as === 'read') {
    const changes = history.find((version) => version.isChangelog)
    if (changes !== undefined) throw changelogTopic(key, job, changes)
    const differences = readerDifferences(mode, history, schema)
    if (differences.length > 0) throw schemaIncompatible(key, mode, differences)
    return undefined
  }
  const kept = topic.as === 'begin' ? [] : history
  if (topic.as === 'begin' && history.length === 1 && isFirst(history, schema)) return undefined
  const decision = decideVersion(mode, kept, schema, isChangelog)
  switch (decision.kind) {
    case 'known':
      return undefined
    case 'refuse':
      throw schemaIncompatible(key, mode, decision.differences)
    case 'next':
      return [
        ...kept,
        { version: decision.version, schema, isChangelog, mode, job, registeredMicros: now },
      ]
    default:
      return assertNever(decision)
  }
}

function isFirst([first]: readonly SchemaVersion[], schema: Schema<unknown>): boolean {
  return first !== undefined && sameSchema(first.schema, schema)
}

function dataOf(versions: Versions): Record<string, unknown> {
  return Object.fromEntries(
    Array.from(versions, ([key, each]) => [
      key,
      each.map(({ version, job, mode, isChangelog, registeredMicros, schema }) => {
        return { version, job, mode, isChangelog, registeredMicros, columns: schema.fields }
      }),
    ]),
  )
}

function versionsOf({ path, schemas }: CatalogFile): Versions {
  return new Map(
    Object.entries(schemas).map(([key, value]) => {
      if (!Array.isArray(value)) throw catalogCorrupt(path, `schemas of "${key}": no list`)
      return [key, value.map((each, i) => checkedVersion(path, key, i + 1, each))]
    }),
  )
}

function checkedVersion(path: string, key: string, number: number, value: unknown): SchemaVersion {
  const corrupt = () => catalogCorrupt(path, `version ${number} of "${key}": no schema version`)
  if (typeof value !== 'object' || value === null) throw corrupt()
  if (!('version' in value && value.version === number && 'columns' in value)) throw corrupt()
  const schema = schemaFromData(value.columns)
  const mode = 'mode' in value ? COMPATIBILITY_MODES.find((each) => each === value.mode) : undefined
  const job = 'job' in value ? value.job : undefined
  const isChangelog = 'isChangelog' in value ? value.isChangelog : false
  const registeredMicros = 'registeredMicros' in value ? value.registeredMicros : undefined
  if (schema === undefined || mode === undefined) throw corrupt()
  if (typeof job !== 'string' || typeof registeredMicros !== 'number') throw corrupt()
  if (typeof isChangelog !== 'boolean') throw corrupt()
  return { version: number, schema, isChangelog, mode, job, registeredMicros }
}
