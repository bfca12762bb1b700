// A chain of crashes: runs of one job over one input, each killed at a named place, each going on
// where the last one was killed, until every place has killed often enough. Whenever a run gets to
// its end the sinks are checked and a new history begins.
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import type { Random } from '../../engine/clock.ts'
import { type ProgramEnd, type RunSettings, runProgram } from './program.ts'
import { compareSinks, type Findings, readSinks, type SinkRows } from './sinks-checker.ts'

export interface ChainOptions {
  readonly failpoints: readonly string[]
  /** Kills of each failpoint. */
  readonly kills: number
  readonly random: Random
  readonly work: string
  readonly input: string
  readonly expected: SinkRows
  /** Features go to a file, which has to be cut back, instead of a topic. */
  readonly isToFile: boolean
  readonly run: Omit<RunSettings, 'data'>
}

export interface ChainReport extends Findings {
  readonly kills: ReadonlyMap<string, number>
  readonly runs: number
  /** Histories that were run to their ends and checked. */
  readonly histories: number
}

/** Runs without a kill before a failpoint counts as out of reach. */
const RUNS_WITHOUT_KILL_MAX = 4
const COUNT_MAX = 3

export async function runChain(options: ChainOptions): Promise<ChainReport> {
  const chain = new Chain(options)
  for (let round = 0; round < options.kills; round++) {
    for (const failpoint of options.failpoints) await chain.kill(failpoint)
  }
  await chain.finish()
  return chain.report()
}

class Chain {
  readonly #options: ChainOptions
  readonly #kills = new Map<string, number>()
  readonly #findings: Findings[] = []
  #history = 0
  #runs = 0

  constructor(options: ChainOptions) {
    this.#options = options
  }

  /** Goes on until the failpoint ended a process. */
  async kill(failpoint: string): Promise<void> {
    const { random } = this.#options
    for (let runs = 0; runs < RUNS_WITHOUT_KILL_MAX; runs++) {
      const count = reachedOnce(failpoint) ? 1 : 1 + Math.floor(random() * COUNT_MAX)
      const end = await this.#run(`${failpoint}:${count}`)
      if (end.signal === 'SIGKILL') {
        this.#kills.set(failpoint, (this.#kills.get(failpoint) ?? 0) + 1)
        return
      }
      await this.#ended(end)
    }
    throw new Error(`${failpoint} is not reached`)
  }

  /** Runs the history to its end and checks it. */
  async finish(): Promise<void> {
    await this.#ended(await this.#run(''))
  }

  report(): ChainReport {
    const sum = (of: (findings: Findings) => number): number =>
      this.#findings.reduce((total, findings) => total + of(findings), 0)
    return {
      kills: this.#kills,
      runs: this.#runs,
      histories: this.#findings.length,
      lost: sum(({ lost }) => lost),
      duplicated: sum(({ duplicated }) => duplicated),
      wrong: sum(({ wrong }) => wrong),
      examples: this.#findings.flatMap(({ examples }) => examples).slice(0, 3),
    }
  }

  #run(failpoint: string): Promise<ProgramEnd> {
    const { input, isToFile, run } = this.#options
    this.#runs++
    const data = this.#data()
    mkdirSync(data, { recursive: true })
    const outputs = isToFile ? [`fraud-features=${this.#file()}`] : []
    return runProgram({ ...run, data, inputs: [`orders=${input}`], outputs, failpoint })
  }

  async #ended(end: ProgramEnd): Promise<void> {
    if (end.code !== 0) throw new Error(`a run ended with ${end.signal ?? end.code}: ${end.words}`)
    const file = this.#options.isToFile ? this.#file() : undefined
    const found = await readSinks(this.#data(), file)
    this.#findings.push(compareSinks(found, this.#options.expected))
    this.#history++
  }

  #data(): string {
    return join(this.#options.work, `history-${this.#history}`)
  }

  #file(): string {
    return join(this.#data(), 'features.jsonl')
  }
}

function reachedOnce(failpoint: string): boolean {
  return failpoint.startsWith('claim') || failpoint.startsWith('compact')
}
