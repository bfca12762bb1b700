// EventFeeder: the main thread's hold on the feeder: starts its thread, knows what it has appended,
// stops it. A feeder that fails says so once; it never ends the job by itself.
import { Worker } from 'node:worker_threads'
import type { FeederData, FeederMessage } from './feeder-worker.ts'

/** Users that are remembered. */
const USERS_MAX = 64

export class EventFeeder {
  readonly #worker: Worker
  readonly #onFailure: (message: string) => void
  readonly #ended: Promise<void>
  #end: () => void = () => {}
  #isEnded = false
  #events = 0
  #users: string[] = []

  /** @param onFailure called at most once, with one line for a person */
  constructor(data: FeederData, onFailure: (message: string) => void) {
    this.#onFailure = onFailure
    this.#ended = new Promise((resolve) => {
      this.#end = resolve
    })
    this.#worker = new Worker(new URL('./feeder-worker.js', import.meta.url), { workerData: data })
    this.#worker.on('message', (message: FeederMessage) => this.#receive(message))
    this.#worker.on('error', (error) => this.#fail(`FEEDER_FAILED: ${error.message}`))
    this.#worker.on('exit', () => this.#fail('FEEDER_FAILED: the feeder ended by itself'))
  }

  /** Events that were appended. */
  get events(): number {
    return this.#events
  }

  /** Users of the last orders, the newest first. */
  get users(): readonly string[] {
    return this.#users
  }

  /** Resolves when the last append is durable and the log is closed. */
  async stop(): Promise<void> {
    if (!this.#isEnded) this.#worker.postMessage('stop')
    await this.#ended
    await this.#worker.terminate()
  }

  #receive(message: FeederMessage): void {
    switch (message.kind) {
      case 'fed': {
        this.#events = message.events
        const { user } = message
        if (user === undefined) return
        this.#users = [user, ...this.#users.filter((each) => each !== user)].slice(0, USERS_MAX)
        return
      }
      case 'stopped':
        this.#events = message.events
        this.#finish()
        return
      case 'failed':
        this.#fail(message.message)
    }
  }

  #fail(message: string): void {
    if (this.#isEnded) return
    this.#finish()
    this.#onFailure(message)
  }

  #finish(): void {
    this.#isEnded = true
    this.#end()
  }
}
