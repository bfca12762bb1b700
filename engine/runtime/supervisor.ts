// Supervisor: runs a job's slots as worker threads from the main thread. Starts and restarts them,
// stops them, watches that their loops are alive, and keeps their last status. One failing slot ends
// all slots; what was not decided is done again by the next start.
import { setFlagsFromString } from 'node:v8'
import { Worker } from 'node:worker_threads'
import type { Claim } from '../checkpoint/index.ts'
import type { Clock } from '../clock.ts'
import {
  ABANDON_DEADLINE_MS,
  HEARTBEAT_TIMEOUT_MS,
  RESTART_DELAY_MS,
  RESTARTS_FORGOTTEN_MS,
  RESTARTS_MAX,
  SLOT_HEAP_MB,
} from '../limits.ts'
import { isFinal, type JobEvent, type JobState, nextJobState } from './life-cycle.ts'
import { SlotControl } from './slot-control.ts'
import { type SlotError, type SlotMessage, slotError } from './slot-messages.ts'
import type { SlotStatus } from './slot-settings.ts'

export interface SupervisorParts {
  readonly worker: URL
  /** Claims the job's store: recovery, a new term. Called at each start. */
  readonly claim: () => Claim
  /** Everything that a slot's thread needs besides its control. */
  readonly workerData: (slot: number, claim: Claim) => Readonly<Record<string, unknown>>
  readonly clock: Clock
  /** Told of each change of state, with the error that caused it. */
  readonly onState?: (state: JobState, error: SlotError | undefined) => void
}

interface RunningSlot {
  readonly slot: number
  readonly worker: Worker
  readonly control: SlotControl
  /** The loop is over: nothing of the slot is in a transaction. */
  readonly left: Promise<void>
  beats: number
  beatAtMs: number
  isDone: boolean
  /** It ended because it was asked to, before its inputs did. */
  wasStopped: boolean
}

export class Supervisor {
  readonly #parts: SupervisorParts
  #state: JobState = 'created'
  #slots: RunningSlot[] = []
  #statuses: (SlotStatus | undefined)[] = []
  #up = 0
  #restarts = 0
  /** Restarts without a long run between them: they decide about the next one. */
  #restartsInRow = 0
  #upSinceMs: number | undefined
  #error: SlotError | undefined
  #done: (state: JobState) => void = () => {}

  constructor(parts: SupervisorParts) {
    this.#parts = parts
  }

  get state(): JobState {
    return this.#state
  }

  get restarts(): number {
    return this.#restarts
  }

  /** What ended the job, when it failed. */
  get error(): SlotError | undefined {
    return this.#error
  }

  /** The last status of each slot that reported one. */
  get statuses(): readonly SlotStatus[] {
    return this.#statuses.filter((status) => status !== undefined)
  }

  /** Runs until the job ended, stopped or failed. */
  async run(): Promise<JobState> {
    const finished = new Promise<JobState>((resolve) => {
      this.#done = resolve
    })
    const stopWatching = this.#parts.clock.every(1000, () => this.#watch())
    this.#start()
    const state = await finished
    stopWatching()
    await Promise.all(this.#slots.map(({ worker }) => worker.terminate()))
    return state
  }

  /** Asks every slot to commit a last epoch and end. */
  stop(): void {
    if (isFinal(this.#state)) return
    this.#apply('stop')
    for (const { control } of this.#slots) control.stop()
  }

  #start(): void {
    this.#apply('start')
    let claim: Claim
    try {
      claim = this.#parts.claim()
    } catch (error) {
      this.#error = slotError(error)
      this.#apply('fatal-failure')
      throw error
    }
    this.#up = 0
    const nowMs = this.#parts.clock.elapsedMs()
    // Threads that start after it take it.
    setFlagsFromString(`--initial-old-space-size=${SLOT_HEAP_MB}`)
    this.#slots = Array.from({ length: claim.slots }, (_, slot) => {
      const control = new SlotControl()
      const workerData = { ...this.#parts.workerData(slot, claim), shared: control.shared }
      const worker = new Worker(this.#parts.worker, { workerData })
      const left = loopEnd(worker)
      const running = {
        slot,
        worker,
        control,
        left,
        beats: 0,
        beatAtMs: nowMs,
        isDone: false,
        wasStopped: false,
      }
      worker.on('message', (message: SlotMessage) => this.#receive(running, message))
      worker.on('error', (error) => this.#failed(running, threadError(error)))
      worker.on('exit', () => this.#exited(running))
      return running
    })
  }

  #receive(slot: RunningSlot, message: SlotMessage): void {
    if (!this.#slots.includes(slot)) return
    switch (message.kind) {
      case 'up':
        this.#up++
        if (this.#up === this.#slots.length) {
          this.#upSinceMs = this.#parts.clock.elapsedMs()
          this.#apply('up')
        }
        return
      case 'status':
        this.#statuses[slot.slot] = message.status
        return
      case 'ended':
        this.#statuses[slot.slot] = message.status
        slot.isDone = true
        slot.wasStopped = message.end === 'stopped'
        if (this.#slots.every(({ isDone }) => isDone)) {
          const anyStopped = this.#slots.some(({ wasStopped }) => wasStopped)
          this.#apply(anyStopped ? 'slots-stopped' : 'inputs-ended')
        }
        return
      case 'failed':
        this.#failed(slot, message.error)
    }
  }

  #exited(slot: RunningSlot): void {
    if (slot.isDone || !this.#slots.includes(slot) || isFinal(this.#state)) return
    this.#failed(slot, threadError(new Error(`the thread of slot ${slot.slot} ended by itself`)))
  }

  #failed(slot: RunningSlot, error: SlotError): void {
    if (!this.#slots.includes(slot) || isFinal(this.#state)) return
    this.#error = error
    if (this.#wasUpForLong()) this.#restartsInRow = 0
    this.#upSinceMs = undefined
    const mayRetry = error.isRetryable && this.#restartsInRow < RESTARTS_MAX
    const slots = this.#slots
    this.#slots = []
    void this.#abandon(slots).then(() => this.#goOn(mayRetry))
  }

  /**
   * Ends the threads of a run that failed. A thread that is ended within a transaction would leave the
   * store locked for this process, so the loops are left first.
   */
  async #abandon(slots: readonly RunningSlot[]): Promise<void> {
    for (const { control } of slots) control.abandon()
    let stopWaiting = () => {}
    const deadline = new Promise<void>((resolve) => {
      stopWaiting = this.#parts.clock.every(ABANDON_DEADLINE_MS, resolve)
    })
    await Promise.race([deadline, Promise.all(slots.map(({ left }) => left))])
    const ended = slots.map(({ worker }) => worker.terminate())
    await Promise.race([deadline, Promise.all(ended)])
    stopWaiting()
  }

  #goOn(mayRetry: boolean): void {
    if (isFinal(this.#state)) return
    if (!mayRetry || this.#state === 'stopping') {
      this.#apply('fatal-failure')
      return
    }
    this.#apply('retryable-failure')
    const { first, max } = RESTART_DELAY_MS
    const delayMs = Math.min(max, first * 2 ** this.#restartsInRow)
    this.#restarts++
    this.#restartsInRow++
    void this.#parts.clock.delay(delayMs).then(() => this.#restart())
  }

  #restart(): void {
    if (this.#state !== 'restarting') return
    try {
      this.#start()
    } catch {
      // The job has failed of it, and `error` tells: nobody waits for this start.
    }
  }

  #wasUpForLong(): boolean {
    const since = this.#upSinceMs
    return since !== undefined && this.#parts.clock.elapsedMs() - since >= RESTARTS_FORGOTTEN_MS
  }

  /** A loop that stands still for too long can't be trusted any more: the process ends itself. */
  #watch(): void {
    const nowMs = this.#parts.clock.elapsedMs()
    for (const slot of this.#slots) {
      if (slot.isDone || slot.control.beats !== slot.beats) {
        slot.beats = slot.control.beats
        slot.beatAtMs = nowMs
      } else if (nowMs - slot.beatAtMs > HEARTBEAT_TIMEOUT_MS) {
        process.stderr.write(`SLOT_STUCK: slot ${slot.slot} made no progress; ending the process\n`)
        process.kill(process.pid, 'SIGKILL')
      }
    }
  }

  #apply(event: JobEvent): void {
    const before = this.#state
    this.#state = nextJobState(before, event)
    if (this.#state === before) return
    this.#parts.onState?.(this.#state, this.#error)
    if (isFinal(this.#state)) this.#done(this.#state)
  }
}

/** Resolves when the slot has told its end or failure, or its thread ended without. */
function loopEnd(worker: Worker): Promise<void> {
  return new Promise((resolve) => {
    worker.on('exit', () => resolve())
    worker.on('message', ({ kind }: SlotMessage) => {
      if (kind === 'ended' || kind === 'failed') resolve()
    })
  })
}

function threadError(error: Error): SlotError {
  return {
    name: error.name,
    code: 'SLOT_THREAD',
    message: error.message,
    stack: error.stack ?? '',
    isRetryable: false,
  }
}
