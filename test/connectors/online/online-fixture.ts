// An embedded store in a temporary folder, and epochs of an online view written to it.
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach } from 'vitest'
import { Bucket } from '../../../connectors/online/bucket.ts'
import {
  type OnlineHandle,
  OnlineReader,
  OnlineSink,
  type OnlineSinkOptions,
} from '../../../connectors/online/index.ts'
import { readHeader } from '../../../connectors/online/online-value.ts'
import { batchOfRows, type RecordBatchParts } from '../../../engine/batch/index.ts'
import { Environment } from '../../../engine/checkpoint/index.ts'
import { type Clock, systemClock } from '../../../engine/clock.ts'
import type { DecisionStores } from '../../../engine/connector.ts'
import { decimal, int64, schema, string, timestamp } from '../../../engine/schema/index.ts'
import { decide } from './environment-stores.ts'

export const features = schema({
  user_id: string(),
  window_end: timestamp(),
  orders: int64(),
  spend: decimal(10, 2).nullable(),
})

export const minuteMicros = 60_000_000

export interface FeatureRow {
  readonly user: string
  readonly end: number
  readonly orders: number
  readonly spend?: string | null
}

export function featureBatch(
  rows: readonly FeatureRow[],
  changes?: RecordBatchParts['changes'],
  watermark = 0,
) {
  const values = rows.map(({ user, end, orders, spend = null }) => ({
    user_id: user,
    window_end: end,
    orders,
    spend,
  }))
  const eventTimes = rows.map((row) => row.end - 1000)
  const watermarksBefore = rows.map(() => watermark)
  return batchOfRows(features, values, { eventTimes, watermarksBefore, changes })
}

const open: Environment[] = []
const folders: string[] = []

afterEach(async () => {
  for (const env of open.splice(0)) await env.close()
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true })
})

export class TestStore {
  readonly env: Environment
  readonly clock: Clock & { nowMs: number }

  constructor() {
    const folder = mkdtempSync(join(tmpdir(), 'millrace-online-'))
    folders.push(folder)
    this.env = new Environment(folder)
    open.push(this.env)
    const clock = { ...systemClock, nowMs: 0, nowMicros: () => clock.nowMs * 1000 }
    this.clock = clock
  }

  sink(options: Partial<OnlineSinkOptions> = {}): OnlineSink {
    return new OnlineSink({
      view: 'user_fraud_5m',
      schema: features,
      key: ['user_id'],
      order: 'window_end',
      ttlMicros: 10 * minuteMicros,
      mode: 'live',
      job: 'fraud',
      lineage: 'l1',
      clock: this.clock,
      ...options,
    })
  }

  /** Runs in one durable transaction. */
  transaction(work: (stores: DecisionStores) => void): void {
    decide(this.env, [work])
  }

  async commit(sink: OnlineSink, epoch: number, term = 1, slot = 0): Promise<void> {
    const steps: ((stores: DecisionStores) => void)[] = []
    await sink.flush({ slot, term, epoch, during: (step) => steps.push(step) })
    decide(this.env, steps)
  }

  get handle(): OnlineHandle {
    return {
      read: (work) =>
        work({
          get: (key) => this.env.get('online', key),
          range: (from, to) => this.env.range('online', from, to),
        }),
    }
  }

  reader(): OnlineReader {
    return new OnlineReader(this.handle, this.clock)
  }

  /** Number of stored rows of all views, tombstones among them. */
  get rows(): number {
    return this.storedRows().length
  }

  /** Which entities are stored, and by which epoch. */
  storedRows(): { readonly entity: string; readonly epoch: number }[] {
    const buckets = [...this.env.range('online', Uint8Array.of(1), Uint8Array.of(2))]
    return buckets.flatMap(({ value: bytes }) => {
      const bucket = new Bucket(bytes)
      return Array.from({ length: bucket.rows }, (_, row) => {
        const value = bucket.value(row)
        const entity = bytes.subarray(bucket.start(row) + 2, value.byteOffset - bytes.byteOffset)
        return { entity: Buffer.from(entity).toString(), epoch: readHeader(value).epoch }
      })
    })
  }
}
