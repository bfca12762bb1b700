// Dead letters of a job, read from its topic `<job>.dead-letters`.
import { earliestOffset, latestOffset, readRecords } from '../../connectors/log/index.ts'
import { assert, ConfigError, errorCode } from '../../engine/errors.ts'
import type { StoredData, StoredTopic } from './stored-data.ts'

export interface DeadLetter {
  /** Place of the dead letter in its own topic. */
  readonly place: { readonly partition: number; readonly offset: number }
  readonly topic: string
  readonly partition: number
  /** -1 for rows that an operator made: they have no place in a topic. */
  readonly offset: number
  /** Operator that refused it; null: it was refused at the door. */
  readonly operator: string | null
  readonly code: string
  readonly reason: string
  readonly raw: Uint8Array
}

const READ_AT_ONCE = 1000

/**
 * The job that is meant: the one that is named, or the only one that there is.
 * @throws ConfigError JOB_NEEDED
 */
export function theJob(stored: StoredData, named: string | undefined): string {
  if (named !== undefined) return named
  const jobs = stored.jobs()
  const [only] = jobs
  if (only !== undefined && jobs.length === 1) return only
  throw new ConfigError({
    code: 'JOB_NEEDED',
    message: 'it is not clear which job is meant',
    expected: 'one job',
    found: jobs.length === 0 ? `none in ${stored.data}` : jobs.join(', '),
    remedy: 'Name it with --job.',
  })
}

/** The topic of a job's dead letters; undefined before the job decided anything. */
export function deadLetterTopic(stored: StoredData, job: string): StoredTopic | undefined {
  stored.store(job)
  const name = `${job}.dead-letters`
  return stored.topics().find(({ definition }) => definition.topic === name)
}

/** All dead letters of a job in order. @throws ConfigError JOB_UNKNOWN */
export function* readDeadLetters(stored: StoredData, job: string): Generator<DeadLetter> {
  const topic = deadLetterTopic(stored, job)
  if (topic === undefined) return
  const { store, definition } = topic
  const name = definition.topic
  for (let partition = 0; partition < definition.partitions; partition++) {
    const end = latestOffset(store, name, partition)
    let next = earliestOffset(store, name, partition)
    while (next < end) {
      const records = readRecords(store, name, partition, next, READ_AT_ONCE)
      for (const { offset, value } of records) {
        if (value !== undefined) yield deadLetter({ partition, offset }, value)
      }
      next += records.length
    }
  }
}

/** The record as its topic still holds it, with its key; undefined when it is not there any more. */
export function originalRecord(stored: StoredData, letter: DeadLetter) {
  const { topic, partition, offset } = letter
  const found = stored.topics().find(({ definition }) => definition.topic === topic)
  if (found === undefined || offset < 0) return undefined
  try {
    return readRecords(found.store, topic, partition, offset, 1)[0]
  } catch (error) {
    if (errorCode(error) === 'OFFSET_OUT_OF_RANGE') return undefined
    throw error
  }
}

function deadLetter(place: DeadLetter['place'], value: Uint8Array): DeadLetter {
  const row: Omit<DeadLetter, 'place' | 'raw'> & { readonly raw: string } = JSON.parse(
    Buffer.from(value).toString(),
  )
  assert(typeof row.raw === 'string', `a dead letter at ${place.partition}/${place.offset}`)
  return { ...row, place, raw: Buffer.from(row.raw, 'base64') }
}
