// Online views of a job's store, as the HTTP API and the CLI look them up.
import { entityKeyOf, type OnlineHandle, OnlineReader } from '../../connectors/online/index.ts'
import type { StoreReader } from '../../engine/checkpoint/index.ts'
import type { Clock } from '../../engine/clock.ts'
import { ConfigError } from '../../engine/errors.ts'
import type { FeatureKey, FeatureSource, FeatureView } from '../../engine/observe/index.ts'

/** Milliseconds that the list of views is kept for; a change of a view shows after that. */
const VIEWS_KEPT_MS = 100

/** Reads that are made in one synchronous call share one read transaction of the store. */
export function onlineHandle(reader: StoreReader): OnlineHandle {
  return {
    read: (work) =>
      work({
        get: (key) => reader.get('online', key),
        range: (from, to) => reader.range('online', from, to),
      }),
  }
}

export function featureSource(reader: StoreReader, clock: Clock): FeatureSource {
  const online = new OnlineReader(onlineHandle(reader), clock)
  let known: readonly FeatureView[] = []
  let knownMs = Number.NEGATIVE_INFINITY
  const views = (): readonly FeatureView[] => {
    const nowMs = clock.elapsedMs()
    if (nowMs - knownMs < VIEWS_KEPT_MS) return known
    known = readViews(online)
    knownMs = nowMs
    return known
  }
  return {
    views,
    lookup(name, keys) {
      const view = views().find((each) => each.name === name)
      if (view === undefined) throw unknownView(name, views())
      return online.getMany(
        name,
        keys.map((key: FeatureKey) => entityKeyOf(view.key, key)),
      )
    },
  }
}

/** The views as the generation that readers see defines them. */
function readViews(online: OnlineReader): FeatureView[] {
  return online.views().flatMap(({ name, current, generations }) => {
    const definition = generations.find((each) => each.generation === current)?.definition
    if (definition === undefined) return []
    const { key, fields, ttlMicros } = definition
    return [{ name, key, fields, ttlMicros }]
  })
}

export function unknownView(name: string, views: readonly FeatureView[]): ConfigError {
  const names = views.map((view) => view.name)
  return new ConfigError({
    code: 'VIEW_UNKNOWN',
    message: `there is no online view "${name}"`,
    expected: names.length === 0 ? 'a view; there is none yet' : `one of ${names.join(', ')}`,
    found: `"${name}"`,
    remedy: 'Run the job that fills it, or correct the name.',
  })
}
