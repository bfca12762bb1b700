import { describe, expect, test } from 'vitest'
import { JobMetrics } from '../../../engine/observe/index.ts'
import { TestClock } from '../../support/connectors.ts'
import { features, jobView, NOW_MICROS, slotStatus } from './api-fixture.ts'

function clockNow() {
  const clock = new TestClock()
  clock.micros = NOW_MICROS
  return clock
}

/** Samples by name and labels: `name{a="b"}` → value. */
async function samplesOf(metrics: JobMetrics, jobs = [jobView()]) {
  const text = await metrics.text(jobs)
  const lines = text.split('\n').filter((line) => line !== '' && !line.startsWith('#'))
  return new Map(
    lines.map((line) => {
      const at = line.lastIndexOf(' ')
      return [line.slice(0, at), Number(line.slice(at + 1))] as const
    }),
  )
}

describe('metrics of a job', () => {
  const slot = 'job="fraud-features",slot="0"'
  test.each([
    [`millrace_records_in_total{${slot},topic="orders",partition="1"}`, 400],
    [`millrace_records_out_total{${slot},sink="topic:fraud-features"}`, 250],
    [`millrace_late_records_total{${slot},operator="window"}`, 3],
    [`millrace_operator_events_total{${slot},operator="dedup",event="duplicates"}`, 2],
    [`millrace_dead_letters_total{${slot},code="FIELD_MISSING"}`, 4],
    [`millrace_watermark_timestamp_seconds{${slot},task="s0/0"}`, NOW_MICROS / 1e6 - 65],
    [`millrace_watermark_lag_seconds{${slot},task="s0/0"}`, 65],
    [`millrace_channel_lag_records{${slot},task="s0/0",topic="orders",partition="0"}`, 12],
    [`millrace_channel_silent_seconds{${slot},task="s0/0",topic="orders",partition="1"}`, 60],
    [`millrace_decided_epoch{${slot}}`, 7],
    [`millrace_delivered_epoch{${slot}}`, 6],
    [`millrace_epoch_size_bytes{${slot}}`, 4096],
    [`millrace_epoch_duration_seconds_count{${slot}}`, 2],
    [`millrace_epoch_duration_seconds_bucket{le="0.005",${slot}}`, 1],
    [`millrace_slot_time_seconds_total{${slot},activity="idle"}`, 7],
    [`millrace_slot_time_ratio{${slot},activity="busy"}`, 0.15],
    [`millrace_slot_time_ratio{${slot},activity="backpressured"}`, 0.05],
    [`millrace_state_keys{${slot},operator="window",table="panes"}`, 321],
    [`millrace_state_bytes{${slot},operator="window",table="panes"}`, 65_536],
    ['millrace_job_restarts_total{job="fraud-features"}', 2],
    ['millrace_job_state{job="fraud-features",state="running"}', 1],
    ['millrace_job_state{job="fraud-features",state="failed"}', 0],
  ])('say %s', async (name, value) => {
    const samples = await samplesOf(new JobMetrics(clockNow()))
    expect(samples.get(name)).toBeCloseTo(value, 9)
  })

  test('say nothing of a lag or a watermark that is not known', async () => {
    const [task] = slotStatus().tasks
    const tasks = task === undefined ? [] : [{ ...task, watermark: null }]
    const jobs = [jobView({ statuses: [slotStatus({ tasks })] })]
    const names = [...(await samplesOf(new JobMetrics(clockNow()), jobs)).keys()]
    expect(names.filter((name) => name.startsWith('millrace_watermark'))).toEqual([])
    const lags = names.filter((name) => name.startsWith('millrace_channel_lag_records'))
    expect(lags.map((name) => name.includes('partition="0"'))).toEqual([true])
  })

  test('are the same however often they are read', async () => {
    const metrics = new JobMetrics(clockNow())
    const jobs = [jobView()]
    const first = await samplesOf(metrics, jobs)
    expect(await samplesOf(metrics, jobs)).toEqual(first)
  })

  test('count the epochs of each report once', async () => {
    const metrics = new JobMetrics(clockNow())
    const reports = [[4, 12], [], [30]].map((epochDurations) => slotStatus({ epochDurations }))
    for (const status of reports) {
      metrics.follow([jobView({ statuses: [status] })])
      metrics.follow([jobView({ statuses: [status] })])
    }
    const samples = await samplesOf(metrics, [jobView({ statuses: reports.slice(2) })])
    const name = 'millrace_epoch_duration_seconds_sum{job="fraud-features",slot="0"}'
    expect(samples.get(name)).toBeCloseTo(0.046, 9)
  })

  test('share the time between two reports, also after a restart set it back', async () => {
    const metrics = new JobMetrics(clockNow())
    const busy = 'millrace_slot_time_ratio{job="fraud-features",slot="0",activity="busy"}'
    const times = (busyMs: number, idleMs: number) =>
      slotStatus({ busyMs, idleMs, backPressureMs: 0, epochMs: 0 })
    const shareAfter = async (status: ReturnType<typeof slotStatus>) =>
      (await samplesOf(metrics, [jobView({ statuses: [status] })])).get(busy)
    expect(await shareAfter(times(100, 300))).toBeCloseTo(0.25)
    expect(await shareAfter(times(400, 400))).toBeCloseTo(0.75)
    expect(await shareAfter(times(10, 10))).toBeCloseTo(0.5)
  })

  test('say how long ago an epoch was decided', async () => {
    const clock = clockNow()
    const metrics = new JobMetrics(clock)
    const age = 'millrace_decided_epoch_age_seconds{job="fraud-features",slot="0"}'
    metrics.follow([jobView()])
    clock.advance(3000)
    expect((await samplesOf(metrics)).get(age)).toBe(3)
    const next = jobView({ statuses: [slotStatus({ epoch: 8 })] })
    expect((await samplesOf(metrics, [next])).get(age)).toBe(0)
  })

  test('tell the age of served values by event time and by epoch', async () => {
    const metrics = new JobMetrics(clockNow())
    const view = 'user_fraud_5m'
    metrics.lookedUp(view, features.lookup(view, [['ann'], ['bob'], ['nobody'], ['old']]))
    const samples = await samplesOf(metrics)
    const sum = (clock: string) =>
      samples.get(`millrace_online_freshness_seconds_sum{view="${view}",clock="${clock}"}`)
    expect(sum('event')).toBe(4)
    expect(sum('known')).toBe(2)
    const found = (status: string) =>
      samples.get(`millrace_online_lookups_total{view="${view}",status="${status}"}`)
    expect([found('present'), found('not_found'), found('outside_max_age')]).toEqual([2, 1, 1])
  })

  test('follow the conventions: prefix, unit or _total, help for each', async () => {
    const metrics = new JobMetrics(clockNow())
    await metrics.text([jobView()])
    for (const metric of await metrics.registry.getMetricsAsJSON()) {
      expect(metric.name).toMatch(/^millrace_[a-z_]+$/)
      const isCounter = String(metric.type) === 'counter'
      expect(metric.name.endsWith('_total'), metric.name).toBe(isCounter)
      expect(metric.help.length).toBeGreaterThan(10)
    }
  })
})
