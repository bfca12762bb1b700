// The metrics there are: names with units as Prometheus wants them, labels, help texts, buckets. Their
// values come from `metrics.ts`.
import { Counter, Gauge, Histogram, type Registry } from 'prom-client'

const EPOCH_BUCKETS = [0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10]
const AGE_BUCKETS = [0.05, 0.1, 0.25, 0.5, 1, 1.3, 2, 5, 15, 60, 300, 900, 3600, 86_400]
const HTTP_BUCKETS = [0.0005, 0.001, 0.0015, 0.0025, 0.005, 0.01, 0.025, 0.1, 0.5, 1, 5]

export type Meters = ReturnType<typeof meters>

/** Makes all metrics in a registry of their own. */
export function meters(registry: Registry) {
  const registers = [registry]
  return {
    samples: samples(registry),
    epochSeconds: new Histogram({
      name: 'millrace_epoch_duration_seconds',
      help: 'From the barrier of an epoch to its decision and the start of its delivery.',
      labelNames: ['job', 'slot'],
      buckets: EPOCH_BUCKETS,
      registers,
    }),
    shares: new Gauge({
      name: 'millrace_slot_time_ratio',
      help: 'Share of a slot’s time by activity, between its last two reports.',
      labelNames: ['job', 'slot', 'activity'],
      registers,
    }),
    lookups: new Counter({
      name: 'millrace_online_lookups_total',
      help: 'Keys looked up in an online view, by what was answered.',
      labelNames: ['view', 'status'],
      registers,
    }),
    freshness: new Histogram({
      name: 'millrace_online_freshness_seconds',
      help: 'Age of values as they are served: since their event time, and since their epoch.',
      labelNames: ['view', 'clock'],
      buckets: AGE_BUCKETS,
      registers,
    }),
    httpSeconds: new Histogram({
      name: 'millrace_http_request_duration_seconds',
      help: 'From the request to the last byte of its answer, by route.',
      labelNames: ['method', 'route', 'status'],
      buckets: HTTP_BUCKETS,
      registers,
    }),
  }
}

/** Samples that are set anew for each scrape. */
function samples(registry: Registry) {
  const gauge = <const L extends string>(name: string, help: string, labelNames: readonly L[]) =>
    new Gauge({ name: `millrace_${name}`, help, labelNames, registers: [registry] })
  const counter = <const L extends string>(name: string, help: string, labelNames: readonly L[]) =>
    new Counter({ name: `millrace_${name}_total`, help, labelNames, registers: [registry] })
  const slot = ['job', 'slot'] as const
  const task = [...slot, 'task'] as const
  const channel = [...task, 'topic', 'partition'] as const
  return {
    state: gauge('job_state', '1 for the state that the job is in.', ['job', 'state']),
    slots: gauge('job_slots', 'Slots of the job.', ['job']),
    restarts: counter('job_restarts', 'Restarts after passing faults.', ['job']),
    recordsIn: counter('records_in', 'Records taken from a channel.', [
      ...slot,
      'topic',
      'partition',
    ]),
    rowsOut: counter('records_out', 'Rows given to a sink.', [...slot, 'sink']),
    late: counter('late_records', 'Records that came after their windows closed.', [
      ...slot,
      'operator',
    ]),
    operatorEvents: counter('operator_events', 'What operators count besides late records.', [
      ...slot,
      'operator',
      'event',
    ]),
    deadLetters: counter('dead_letters', 'Records that could not be used.', [...slot, 'code']),
    slotSeconds: counter('slot_time_seconds', 'Time that the slot spent, by activity.', [
      ...slot,
      'activity',
    ]),
    decidedEpoch: gauge('decided_epoch', 'Last epoch that was decided.', slot),
    deliveredEpoch: gauge('delivered_epoch', 'Last epoch that all followers have.', slot),
    epochAge: gauge('decided_epoch_age_seconds', 'Since the last epoch was seen decided.', slot),
    epochBytes: gauge('epoch_size_bytes', 'Bytes that the last epoch stored.', slot),
    stateKeys: gauge('state_keys', 'Rows of a state table.', [...slot, 'operator', 'table']),
    stateBytes: gauge('state_bytes', 'Bytes of a state table.', [...slot, 'operator', 'table']),
    watermark: gauge('watermark_timestamp_seconds', 'Watermark of a task.', task),
    watermarkLag: gauge('watermark_lag_seconds', 'Wall clock minus watermark of a task.', task),
    channelOffset: gauge('channel_offset', 'Next offset of a channel.', channel),
    channelLag: gauge('channel_lag_records', 'Records that a channel still has.', channel),
    channelSilent: gauge('channel_silent_seconds', 'Since the last record of a channel.', channel),
  }
}
