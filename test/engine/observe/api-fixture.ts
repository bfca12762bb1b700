// A job and an online view in memory, as the process that runs them would show them.
import type {
  ApiSource,
  FeatureAnswer,
  FeatureSource,
  FeatureView,
  JobView,
} from '../../../engine/observe/index.ts'
import type { SlotStatus } from '../../../engine/runtime/index.ts'
import { decimal, int64, schema, string, timestamp } from '../../../engine/schema/index.ts'

export const NOW_MICROS = 1_700_000_000_000_000

export function slotStatus(parts: Partial<SlotStatus> = {}): SlotStatus {
  return {
    slot: 0,
    epoch: 7,
    deliveredEpoch: 6,
    recordsIn: 1000,
    counters: {
      records_in: { 'orders/0': 600, 'orders/1': 400 },
      rows_out: { 'topic:fraud-features': 250 },
      late: { window: 3 },
      duplicates: { dedup: 2 },
    },
    deadLetters: { FIELD_MISSING: 4 },
    tasks: [
      {
        task: 's0/0',
        watermark: NOW_MICROS - 65_000_000,
        isEnded: false,
        channels: [
          channel('orders/0', NOW_MICROS - 5_000_000, { offset: 600, lag: 12 }),
          channel('orders/1', NOW_MICROS - 65_000_000, {
            offset: 400,
            lag: null,
            silentMicros: 60_000_000,
          }),
        ],
      },
    ],
    state: { 'window/panes': { rows: 321, bytes: 65_536 } },
    busyMs: 1500,
    idleMs: 7000,
    backPressureMs: 500,
    epochMs: 1000,
    lastEpoch: { ms: 12, bytes: 4096 },
    epochDurations: [4, 12],
    ...parts,
  }
}

export type Channel = SlotStatus['tasks'][number]['channels'][number]

export function channel(
  id: string,
  watermark: number | null,
  parts: Partial<Channel> = {},
): Channel {
  return { id, watermark, offset: 0, lag: 0, isEnded: false, silentMicros: 0, ...parts }
}

export function jobView(parts: Partial<JobView> = {}): JobView {
  return {
    job: 'fraud-features',
    state: 'running',
    mode: 'live',
    slots: 1,
    restarts: 2,
    error: undefined,
    statuses: [slotStatus()],
    ...parts,
  }
}

const columns = schema({
  user_id: string(),
  window_end: timestamp(),
  orders_5min: int64(),
  spend_5min: decimal(12, 2).nullable(),
})

export const view: FeatureView = {
  name: 'user_fraud_5m',
  key: columns.fields.slice(0, 1),
  fields: columns.fields,
  ttlMicros: 600_000_000,
}

const pairs = schema({ city: string(), restaurant: int64(), rating: decimal(3, 1) })

export const pairView: FeatureView = {
  name: 'restaurant_city',
  key: pairs.fields.slice(0, 2),
  fields: pairs.fields,
  ttlMicros: 1_000_000,
}

/** Everybody has two orders; `nobody` is unknown, `old` is too old. */
export const features: FeatureSource = {
  views: () => [view, pairView],
  lookup: (name, keys) => keys.map((key) => answerOf(name, key)),
}

function answerOf(name: string, [first = '', second]: readonly string[]): FeatureAnswer {
  const facts = {
    eventTime: NOW_MICROS - 2_000_000,
    knownTime: NOW_MICROS - 1_000_000,
    epoch: 7,
    ageMs: 1500.25,
    readClock: 'wall',
  } as const
  if (first === 'nobody') {
    const none = { eventTime: undefined, knownTime: undefined, epoch: undefined, ageMs: undefined }
    return { ...facts, ...none, status: 'not_found', values: undefined }
  }
  if (first === 'old') return { ...facts, status: 'outside_max_age', values: undefined }
  const values =
    name === 'restaurant_city'
      ? { city: first, restaurant: BigInt(second ?? 0), rating: '4.5' }
      : {
          user_id: first,
          window_end: NOW_MICROS,
          orders_5min: 9_007_199_254_740_993n,
          spend_5min: '12.50',
        }
  return { ...facts, status: 'present', values }
}

export function apiSource(jobs: readonly JobView[] = [jobView()]): ApiSource {
  return { jobs: () => jobs, features }
}
