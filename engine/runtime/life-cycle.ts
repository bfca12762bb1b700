// The life of a job as a table: state × event → state. The supervisor asks it; nothing else decides
// what a job may do next.
import { InvariantError } from '../errors.ts'

export type JobState =
  | 'created'
  | 'starting'
  | 'running'
  | 'restarting'
  | 'stopping'
  | 'ended'
  | 'stopped'
  | 'failed'

export type JobEvent =
  /** Slots are being started. */
  | 'start'
  /** Every slot runs its loop. */
  | 'up'
  /** A slot met a RetryableError. */
  | 'retryable-failure'
  /** A slot met any other error, or restarts are used up. */
  | 'fatal-failure'
  /** SIGTERM, or a person's command. */
  | 'stop'
  /** Every slot ended: the bounded inputs are read to their ends. */
  | 'inputs-ended'
  /** Every slot stopped after its last epoch. */
  | 'slots-stopped'

const TABLE: Readonly<Record<JobState, Partial<Record<JobEvent, JobState>>>> = {
  created: { start: 'starting', stop: 'stopped' },
  starting: {
    up: 'running',
    'retryable-failure': 'restarting',
    'fatal-failure': 'failed',
    stop: 'stopping',
    'inputs-ended': 'ended',
  },
  running: {
    'retryable-failure': 'restarting',
    'fatal-failure': 'failed',
    stop: 'stopping',
    'inputs-ended': 'ended',
  },
  restarting: { start: 'starting', 'fatal-failure': 'failed', stop: 'stopped' },
  stopping: {
    up: 'stopping',
    stop: 'stopping',
    'slots-stopped': 'stopped',
    'inputs-ended': 'ended',
    'retryable-failure': 'failed',
    'fatal-failure': 'failed',
  },
  ended: { stop: 'ended' },
  stopped: { stop: 'stopped' },
  failed: { stop: 'failed', 'fatal-failure': 'failed', 'retryable-failure': 'failed' },
}

/** The next state. @throws InvariantError when the table has no entry. */
export function nextJobState(state: JobState, event: JobEvent): JobState {
  const next = TABLE[state][event]
  if (next !== undefined) return next
  throw new InvariantError({ code: 'LIFE_CYCLE', message: `${event} while the job is ${state}` })
}

/** True when nothing follows but the end of the process. */
export function isFinal(state: JobState): boolean {
  return state === 'ended' || state === 'stopped' || state === 'failed'
}
