// Schema versions of a topic: what happens when a job opens it with a schema, as a pure decision on
// the versions that are known, and the error that says no. Whoever keeps the versions carries it out.
//
//   declared schema          versions   decision
//   equals any version       any        known: nothing to do (rows of a changelog are no inserts)
//   differs, mode allows     any        next: becomes the next version
//   differs, mode forbids    ≥ 1        refuse, with the differences
//
// A schema that was registered once is taken again: jobs that read different columns of one topic
// may take turns.
import { ConfigError, StateMismatchError } from '../errors.ts'
import {
  type CompatibilityMode,
  checkHistory,
  type Difference,
  readDifferences,
} from './compatibility.ts'
import type { Schema } from './schema.ts'
import { sameSchema } from './schema-text.ts'

/** One registered schema of a topic. Versions count from 1 without a gap. */
export interface SchemaVersion {
  readonly version: number
  readonly schema: Schema<unknown>
  /** Its records update and delete earlier ones. */
  readonly isChangelog: boolean
  /** The mode by which it was allowed. */
  readonly mode: CompatibilityMode
  /** The job that opened the topic with it first. */
  readonly job: string
  /** Epoch microseconds. */
  readonly registeredMicros: number
}

export type VersionDecision =
  | { readonly kind: 'known'; readonly version: number }
  | { readonly kind: 'next'; readonly version: number }
  | {
      readonly kind: 'refuse'
      /** Each with the version that it is a difference from. */
      readonly differences: readonly (Difference & { readonly version: number })[]
    }

/** What becomes of a declared schema; `history` is in the order of its versions. */
export function decideVersion(
  mode: CompatibilityMode,
  history: readonly SchemaVersion[],
  declared: Schema<unknown>,
  isChangelog = false,
): VersionDecision {
  const known = history.find((version) => {
    return version.isChangelog === isChangelog && sameSchema(version.schema, declared)
  })
  if (known !== undefined) return { kind: 'known', version: known.version }
  const schemas = history.map(({ schema }) => schema)
  const differences = checkHistory(mode, schemas, declared).map((found) => ({
    ...found,
    version: found.version + 1,
  }))
  if (differences.length > 0) return { kind: 'refuse', differences }
  return { kind: 'next', version: history.length + 1 }
}

/**
 * Why a job can not read, with its declared schema, what another job writes: the writer's versions
 * are the topic's, readers add none. With mode `none` there is never a reason.
 */
export function readerDifferences(
  mode: CompatibilityMode,
  history: readonly SchemaVersion[],
  declared: Schema<unknown>,
): (Difference & { readonly version: number })[] {
  const first = mode.endsWith('-transitive') ? 0 : Math.max(0, history.length - 1)
  if (mode === 'none') return []
  return history
    .slice(first)
    .flatMap(({ schema, version }) =>
      readDifferences(schema.fields, declared.fields).map((found) => ({ ...found, version })),
    )
}

/** The error of a refused schema. */
export function schemaIncompatible(
  topic: string,
  mode: CompatibilityMode,
  differences: readonly (Difference & { readonly version: number })[],
): StateMismatchError {
  const versions = [...new Set(differences.map(({ version }) => version))]
  const words = differences.map(({ message, hint }) => (hint ? `${message} (${hint})` : message))
  const last = differences.at(-1)?.version ?? 0
  return new StateMismatchError({
    code: 'SCHEMA_INCOMPATIBLE',
    message: `the schema of topic "${topic}" can not follow version ${versions.join(', ')}`,
    expected: `what compatibility "${mode}" allows: ${ALLOWED[mode]}`,
    found: [...new Set(words)].join('; '),
    remedy:
      `Change the schema so, or give the records another topic; see version ${last}: ` +
      `millrace log schema ${topic}. Declaring compatibility "none" takes any schema: records ` +
      'that do not fit it become dead letters.',
  })
}

/** A topic with updates and deletes is no input: read as rows of their own they would count twice. */
export function changelogTopic(topic: string, job: string, writer: SchemaVersion): ConfigError {
  return new ConfigError({
    code: 'CHANGELOG_INPUT',
    message: `job "${job}" can not read topic "${topic}"`,
    expected: 'a topic of records that nothing changes later',
    found: `updates and deletes, since version ${writer.version}, of job "${writer.job}"`,
    remedy:
      `Let job "${writer.job}" write the final rows to a topic of their own, behind settle(); ` +
      'rows of a running aggregate never become final: look them up in an online view.',
  })
}

const BACKWARD = 'columns removed, nullable ones added, types widened'
const FORWARD = 'columns added, nullable ones removed, types narrowed'
const FULL = 'nullable columns added and removed'
const ALLOWED: Readonly<Record<CompatibilityMode, string>> = {
  none: 'anything',
  backward: BACKWARD,
  forward: FORWARD,
  full: FULL,
  'backward-transitive': `${BACKWARD}, against every version`,
  'forward-transitive': `${FORWARD}, against every version`,
  'full-transitive': `${FULL}, against every version`,
}
