// Runs commands of the CLI in this process, on a data folder that a real run has filled.
import { execFile } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { Command } from 'commander'
import { type CliIo, cliCommands } from '../../../jobs/cli/index.ts'

const execute = promisify(execFile)
const main = fileURLToPath(new URL('../../../dist/jobs/main.js', import.meta.url))

export const jobFile = fileURLToPath(new URL('orders-job.ts', import.meta.url))

/** What a command said. */
export interface Said {
  readonly out: string
  readonly notes: string
  /** The data as JSON rows. */
  rows(): Record<string, unknown>[]
}

export class TestIo implements CliIo {
  readonly #chunks: Uint8Array[] = []
  readonly #notes: string[] = []
  readonly #abort = new AbortController()
  readonly #inputs: Readonly<Record<string, string | Uint8Array>>
  #onOut: () => void = () => {}

  /** @param inputs bytes by path; `-` is stdin */
  constructor(inputs: Readonly<Record<string, string | Uint8Array>> = {}) {
    this.#inputs = inputs
  }

  out(data: string | Uint8Array): void {
    this.#chunks.push(typeof data === 'string' ? Buffer.from(data) : Uint8Array.from(data))
    this.#onOut()
  }

  note(line: string): void {
    this.#notes.push(line)
  }

  async *read(path: string): AsyncGenerator<Uint8Array> {
    const input = this.#inputs[path]
    yield input === undefined ? readFileSync(path) : Buffer.from(input)
  }

  get interrupted(): AbortSignal {
    return this.#abort.signal
  }

  interrupt(): void {
    this.#abort.abort()
  }

  /** Resolves once the data hold `text`. */
  says(text: string): Promise<void> {
    return new Promise((resolve) => {
      this.#onOut = () => {
        if (this.said().out.includes(text)) resolve()
      }
      this.#onOut()
    })
  }

  bytes(): Buffer {
    return Buffer.concat(this.#chunks)
  }

  said(): Said {
    const out = this.bytes().toString()
    const rows = () =>
      out
        .split('\n')
        .filter((line) => line !== '')
        .map((line) => JSON.parse(line))
    return { out, notes: this.#notes.join('\n'), rows }
  }
}

/** Runs one command to its end. @throws what the command throws */
export async function millrace(
  args: readonly string[],
  inputs: Readonly<Record<string, string | Uint8Array>> = {},
): Promise<Said> {
  const io = new TestIo(inputs)
  await run(io, args)
  return io.said()
}

export async function run(io: CliIo, args: readonly string[]): Promise<void> {
  const program = new Command('millrace').exitOverride()
  for (const each of await cliCommands(undefined, io)) program.addCommand(each)
  await program.parseAsync([...args], { from: 'user' })
}

const at = (minute: number, second: number) =>
  `2024-01-08T12:${String(minute).padStart(2, '0')}:${String(second).padStart(2, '0')}Z`

export const order = (user: string, total: string, minute: number) =>
  `{"user_id":"${user}","city":"Köln","order_total":${total},"event_time":"${at(minute, 30)}"}`

const visit = (user: string, city: string, minute: number) =>
  `{"user_id":"${user}","city":"${city}","event_time":"${at(minute, 0)}"}`

/** Two of them are broken; the last one is late where all are in one partition. */
export const orderLines = [
  order('ann', '12.50', 0),
  order('bob', '1.00', 0),
  '{"user_id":"eve","order_total":',
  order('ann', '7.25', 0),
  '{"user_id":"mia","city":"Bonn","order_total":"many","event_time":"2024-01-08T12:00:00Z"}',
  order('ann', '100.00', 5),
  order('ann', '1.00', 1),
]

export const visitLines = [
  visit('ann', 'Köln', 0),
  visit('ann', 'Bonn', 0),
  visit('ann', 'Köln', 0),
]

/** Fills a data folder: two topics, and a bounded run of the job over them. */
export async function fillData(data: string): Promise<void> {
  const to = ['--data', data]
  await millrace(['log', 'create', 'orders', '--partitions', '2', ...to])
  await millrace(['log', 'create', 'visits', ...to])
  const input = { '-': orderLines.join('\n') }
  await millrace(['log', 'append', 'orders', '--key', 'user_id', ...to], input)
  await millrace(['log', 'append', 'visits', ...to], { '-': visitLines.join('\r\n') })
  await runJob(data)
}

/** Runs the job over what the topics hold, in a process of its own. */
export async function runJob(data: string, ...options: readonly string[]): Promise<void> {
  const args = ['run', jobFile, '--bounded', '--data', data, ...options]
  await execute(process.execPath, [main, ...args])
}
