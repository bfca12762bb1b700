// Serves a run over HTTP on loopback: its jobs and metrics from the supervisor, its features from the
// job's own store. A lookup reads what was decided; it never waits for the job.
import { readFileSync } from 'node:fs'
import { entityKeyOf, OnlineReader } from '../../connectors/online/index.ts'
import { type Clock, systemClock } from '../../engine/clock.ts'
import {
  type ApiSource,
  createLog,
  type FeatureSource,
  type FeatureView,
  type JobView,
  serveApi,
} from '../../engine/observe/index.ts'
import { onlineHandle } from './online-handle.ts'
import { packageFile } from './package-file.ts'
import type { PreparedRun } from './run-job.ts'

export interface RunServer {
  readonly url: string
  close(): Promise<void>
}

/** Milliseconds that a list of views is used. */
const VIEWS_EVERY_MS = 100

/** @throws ConfigError ADDRESS_UNUSABLE, TOKEN_SHORT */
export async function serveRun(run: PreparedRun, port: number): Promise<RunServer> {
  const { version }: { readonly version: string } = JSON.parse(
    readFileSync(packageFile('package.json'), 'utf8'),
  )
  const log = createLog({ clock: systemClock, base: { job: run.plan.job } })
  return serveApi(runSource(run, systemClock), { port, clock: systemClock, version, log })
}

/** A run as the API asks for it. */
export function runSource(run: PreparedRun, clock: Clock): ApiSource {
  return {
    jobs: () => [jobView(run)],
    features: featureSource(new OnlineReader(onlineHandle(run.store.reader()), clock), clock),
  }
}

/** Online views as the API asks for them. The list of views is looked up at most every 100 ms. */
export function featureSource(reader: OnlineReader, clock: Clock): FeatureSource {
  let views: readonly FeatureView[] = []
  let readAtMs = Number.NEGATIVE_INFINITY
  const known = (): readonly FeatureView[] => {
    const nowMs = clock.elapsedMs()
    if (nowMs - readAtMs < VIEWS_EVERY_MS) return views
    readAtMs = nowMs
    views = viewsOf(reader)
    return views
  }
  return {
    views: known,
    lookup(view, keys) {
      const fields = known().find(({ name }) => name === view)?.key ?? []
      return reader.getMany(
        view,
        keys.map((key) => entityKeyOf(fields, key)),
      )
    },
  }
}

function viewsOf(reader: OnlineReader): FeatureView[] {
  return reader.views().flatMap(({ name, current, generations }) => {
    const read = generations.find(({ generation }) => generation === current)
    if (read === undefined) return []
    const { key, fields, ttlMicros } = read.definition
    return [{ name, key, fields, ttlMicros }]
  })
}

function jobView({ plan, options, supervisor }: PreparedRun): JobView {
  return {
    job: plan.job,
    state: supervisor.state,
    mode: options.mode,
    slots: options.slots,
    restarts: supervisor.restarts,
    error: supervisor.error,
    statuses: supervisor.statuses,
  }
}
