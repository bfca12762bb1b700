// StoredData: everything a data folder holds: the shared log and the stores of its jobs, opened
// read-only unless something is to be appended. Jobs may run meanwhile; reads see what was decided.
import { existsSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import {
  type ChunkStore,
  type EmbeddedLog,
  openLog,
  readDefinitions,
  type TopicDefinition,
  topicHome,
} from '../../connectors/log/index.ts'
import { JobStore, type StoreReader } from '../../engine/checkpoint/index.ts'
import { ConfigError, errorCode } from '../../engine/errors.ts'
import { jobFolder, logFolder } from '../run/data-folder.ts'

export interface StoredTopic {
  readonly definition: TopicDefinition
  /** The job that writes it; undefined: it is written from outside. */
  readonly job: string | undefined
  readonly store: ChunkStore
}

export interface StoredDataOptions {
  /** The shared log may be appended to; jobs' stores never are. */
  readonly appends?: boolean
}

/** Opens a data folder for one piece of work. */
export async function withStoredData<T>(
  data: string,
  work: (stored: StoredData) => T | Promise<T>,
  options: StoredDataOptions = {},
): Promise<T> {
  const stored = new StoredData(data, options)
  try {
    return await work(stored)
  } finally {
    await stored.close()
  }
}

export class StoredData {
  readonly data: string
  readonly #stores = new Map<string, StoreReader>()
  readonly #appends: boolean
  #log: EmbeddedLog | undefined

  constructor(data: string, options: StoredDataOptions = {}) {
    this.data = data
    this.#appends = options.appends === true
  }

  /** The shared log, where there is one. */
  log(): EmbeddedLog | undefined {
    const folder = logFolder(this.data)
    if (existsSync(join(folder, 'data.mdb'))) {
      this.#log ??= openLog(folder, { readOnly: !this.#appends })
    }
    return this.#log
  }

  /** Names of the jobs that ran in this folder. */
  jobs(): string[] {
    return jobNames(this.data)
  }

  /** @throws ConfigError JOB_UNKNOWN */
  store(job: string): StoreReader {
    const known = this.#stores.get(job)
    if (known !== undefined) return known
    const names = this.jobs()
    if (!names.includes(job)) throw unknownJob(job, names, this.data)
    const reader = JobStore.openReadOnly(jobFolder(this.data, job).run)
    this.#stores.set(job, reader)
    return reader
  }

  /** All topics: those of the log, then those of each job. */
  topics(): StoredTopic[] {
    const log = this.log()
    const shared = (log?.topics() ?? []).flatMap((definition) =>
      log === undefined ? [] : [{ definition, job: undefined, store: log.store }],
    )
    const own = this.jobs().flatMap((job) => {
      const store = this.#topicsOf(job)
      if (store === undefined) return []
      return readDefinitions(store).map((definition) => ({ definition, job, store }))
    })
    return [...shared, ...own]
  }

  /** @throws ConfigError TOPIC_UNKNOWN that lists the topics there are */
  topic(name: string): StoredTopic {
    const topics = this.topics()
    const found = topics.find(({ definition }) => definition.topic === name)
    if (found !== undefined) return found
    const names = topics.map(({ definition }) => definition.topic)
    throw new ConfigError({
      code: 'TOPIC_UNKNOWN',
      message: `there is no topic "${name}"`,
      expected: names.length === 0 ? 'a topic' : `one of ${names.join(', ')}`,
      found: names.length === 0 ? `no topic in ${this.data}` : `"${name}"`,
      remedy: 'Create it with `millrace log create`, or name the --data folder it lives in.',
    })
  }

  async close(): Promise<void> {
    await this.#log?.close()
    for (const store of this.#stores.values()) await store.close()
  }

  /** Undefined for a job that decided nothing yet. */
  #topicsOf(job: string): ChunkStore | undefined {
    try {
      const reader = this.store(job)
      return topicHome({
        get: (key) => reader.get('topics', key),
        before: (key) => reader.before('topics', key),
        range: (from, to) => reader.range('topics', from, to),
      }).store
    } catch (error) {
      if (errorCode(error) === 'STORE_MISSING') return undefined
      throw error
    }
  }
}

/** Jobs with a store in the data folder, sorted. */
export function jobNames(data: string): string[] {
  const folder = join(data, 'jobs')
  if (!existsSync(folder)) return []
  return readdirSync(folder)
    .filter((name) => existsSync(join(jobFolder(data, name).run, 'data.mdb')))
    .sort()
}

export function unknownJob(job: string, names: readonly string[], data: string): ConfigError {
  return new ConfigError({
    code: 'JOB_UNKNOWN',
    message: `no job "${job}" ran in ${data}`,
    expected: names.length === 0 ? 'a job that ran' : `one of ${names.join(', ')}`,
    found: names.length === 0 ? 'none' : `"${job}"`,
    remedy: 'Name the job, or the --data folder that it ran with.',
  })
}
