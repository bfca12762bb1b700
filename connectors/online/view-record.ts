// The record of an online view: its generations, each with the definition it was written with, and
// the one that readers see. A new lineage writes a generation of its own, unread until promotion;
// the first one is read from the start. All changes happen inside a deciding transaction.
import type { DecisionStores } from '../../engine/connector.ts'
import { ConfigError, StateCorruptError } from '../../engine/errors.ts'
import type { Field } from '../../engine/schema/index.ts'
import { viewRecordKey } from './online-key.ts'

/** How the age of a value is told: by the wall clock, or by the last watermark of a bounded run. */
export type ViewMode = 'live' | 'bounded'

/** What a view is, as its job defines it. */
export interface ViewDefinition {
  readonly key: readonly Field[]
  /** All columns of a row, the key among them. */
  readonly fields: readonly Field[]
  /** Column that says which row is newest. */
  readonly order: string
  readonly ttlMicros: number
  readonly mode: ViewMode
}

export interface ViewGeneration {
  readonly generation: number
  /** Lineages that write it; a rescale adds its own. */
  readonly lineages: readonly string[]
  readonly job: string
  readonly definition: ViewDefinition
  /** The read clock of a bounded run, epoch microseconds. */
  readonly clockMicros?: number
  /** Number of buckets that its rows stand in (bucket.ts). */
  readonly buckets: number
}

export interface ViewRecord {
  readonly version: 2
  readonly name: string
  /** The generation that readers see. */
  readonly current: number
  readonly generations: readonly ViewGeneration[]
}

/** Who is about to write to a view. */
export interface ViewWriter {
  readonly name: string
  readonly job: string
  readonly lineage: string
  /** The lineage that this one goes on from (a rescale): its generation is kept. */
  /** Earlier lineages of the same history: their generation is written on. */
  readonly continues: readonly string[]
  readonly definition: ViewDefinition
  readonly clockMicros: number | undefined
}

const encoder = new TextEncoder()
const decoder = new TextDecoder()

/** @throws StateCorruptError VIEW_RECORD when the bytes are no record of a known version */
export function decodeViewRecord(bytes: Uint8Array): ViewRecord {
  const record: unknown = JSON.parse(decoder.decode(bytes))
  if (isViewRecord(record)) return record
  throw new StateCorruptError({
    code: 'VIEW_RECORD',
    message: 'the record of an online view can not be read',
    expected: 'version 2',
    found: decoder.decode(bytes).slice(0, 80),
    remedy: 'Read it with the version of millrace that wrote it.',
  })
}

/** The record with this writer's generation, and that generation. Pure. */
export function admitWriter(
  known: ViewRecord | undefined,
  writer: ViewWriter,
): { readonly record: ViewRecord; readonly generation: ViewGeneration } {
  const generations = known?.generations ?? []
  const { lineage, continues } = writer
  const own =
    generations.find((each) => each.lineages.includes(lineage)) ??
    generations.find((each) => each.lineages.some((known) => continues.includes(known)))
  const greatest = Math.max(0, ...generations.map((each) => each.generation))
  const next = ownGeneration(own, greatest + 1, writer)
  const record: ViewRecord = {
    version: 2,
    name: writer.name,
    current: known?.current ?? next.generation,
    generations: [...generations.filter((each) => each !== own), next],
  }
  return { record, generation: next }
}

/** The record after rows came to stand in another number of buckets. Pure. */
export function withBuckets(record: ViewRecord, generation: number, buckets: number): ViewRecord {
  const generations = record.generations.map((each) =>
    each.generation === generation ? { ...each, buckets } : each,
  )
  return { ...record, generations }
}

function ownGeneration(
  own: ViewGeneration | undefined,
  fresh: number,
  { lineage, job, definition, clockMicros }: ViewWriter,
): ViewGeneration {
  const lineages = own?.lineages ?? []
  const clock = Math.max(own?.clockMicros ?? Number.NEGATIVE_INFINITY, clockMicros ?? -Infinity)
  return {
    generation: own?.generation ?? fresh,
    lineages: lineages.includes(lineage) ? lineages : [...lineages, lineage],
    job,
    definition,
    buckets: own?.buckets ?? 1,
    ...(Number.isFinite(clock) ? { clockMicros: clock } : {}),
  }
}

export function readViewRecord(stores: DecisionStores, name: string): ViewRecord | undefined {
  const bytes = stores.get('online', viewRecordKey(name))
  return bytes === undefined ? undefined : decodeViewRecord(bytes)
}

/** Stores the record unless it is what is stored. */
export function storeViewRecord(
  stores: DecisionStores,
  known: ViewRecord | undefined,
  record: ViewRecord,
): void {
  const text = JSON.stringify(record)
  if (known !== undefined && JSON.stringify(known) === text) return
  stores.put('online', viewRecordKey(record.name), encoder.encode(text))
}

/**
 * Makes readers see another generation at once. Part of a deciding transaction.
 * @throws ConfigError VIEW_GENERATION when the view has no such generation
 */
export function promoteView(stores: DecisionStores, name: string, generation: number): void {
  const known = readViewRecord(stores, name)
  const numbers = known?.generations.map((each) => each.generation) ?? []
  if (known === undefined || !numbers.includes(generation)) {
    throw new ConfigError({
      code: 'VIEW_GENERATION',
      message: `the online view "${name}" has no generation ${generation}`,
      expected: numbers.length === 0 ? 'a view that was written' : `one of ${numbers.join(', ')}`,
      found: `${generation}`,
      remedy: 'Run the backfill first; it says which generation it writes.',
    })
  }
  storeViewRecord(stores, known, { ...known, current: generation })
}

function isViewRecord(value: unknown): value is ViewRecord {
  return typeof value === 'object' && value !== null && 'version' in value && value.version === 2
}
