// Progress of a run on stderr: one line that is rewritten on a terminal, one line every ten seconds
// elsewhere. Never on stdout, which belongs to data.
import type { Clock } from '../../engine/clock.ts'
import type { PreparedRun } from './run-job.ts'

const TERMINAL_EVERY_MS = 250
const LOG_EVERY_MS = 10_000

export class Progress {
  readonly #run: PreparedRun
  readonly #clock: Clock
  readonly #out: NodeJS.WriteStream
  readonly #stop: () => void
  #isLineOpen = false

  constructor(run: PreparedRun, clock: Clock, out: NodeJS.WriteStream) {
    this.#run = run
    this.#clock = clock
    this.#out = out
    this.#stop = clock.every(out.isTTY ? TERMINAL_EVERY_MS : LOG_EVERY_MS, () => this.#show())
  }

  /** A remark on a line of its own. */
  note(text: string): void {
    this.#closeLine()
    this.#out.write(`${text}\n`)
  }

  end(): void {
    this.#stop()
    this.#closeLine()
  }

  #show(): void {
    const { supervisor, startedMs, plan } = this.#run
    const { statuses } = supervisor
    const records = statuses.reduce((sum, status) => sum + status.recordsIn, 0)
    const lag = statuses
      .flatMap((status) => status.tasks.flatMap((task) => task.channels))
      .reduce((sum, channel) => sum + (channel.lag ?? 0), 0)
    const seconds = (this.#clock.elapsedMs() - startedMs) / 1000
    const rate = Math.round(records / seconds)
    const epoch = Math.max(0, ...statuses.map((status) => status.epoch))
    const left = lag > 0 ? `, ${count(lag)} left` : ''
    const events = `${count(records)} events (${count(rate)}/s${left})`
    const line = `${plan.job}: ${supervisor.state}, ${events}, epoch ${epoch}`
    if (this.#out.isTTY) {
      this.#out.write(`\r\u001b[2K${line}`)
      this.#isLineOpen = true
    } else this.#out.write(`${line}\n`)
  }

  #closeLine(): void {
    if (this.#isLineOpen) this.#out.write('\n')
    this.#isLineOpen = false
  }
}

/** A number with separators: 1234567 → 1,234,567. */
export function count(value: number): string {
  return Math.round(value).toLocaleString('en-US')
}
