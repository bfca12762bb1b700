// The peers that run on the same orders: Apache Flink in one process and the query in plain JavaScript.
// Their scripts stand in the folder that is shared between projects; a peer whose scripts or tools are
// missing is left out by name. Each is measured by the rate that it prints itself.
import { cpSync, existsSync, mkdirSync } from 'node:fs'
import { homedir } from 'node:os'
import { join } from 'node:path'
import { remark, shared } from './command-line.ts'
import { type ProcessUse, runMeasured } from './measured-process.ts'
import { perSecond } from './statistics.ts'

/** What a system did with one file of orders. */
export interface Measured {
  readonly events: number
  readonly rows: number | undefined
  readonly eventsPerSecond: number
  readonly steadyPerSecond: number
  readonly eventsPerCpuSecond: number
  readonly rssMbMax: number
}

export interface Contestant {
  readonly name: string
  /** Why it can not run here. */
  readonly missing: string | undefined
  /** Once, before all rounds. `folder` is gone when the comparison ends. */
  prepare(folder: string): Promise<void>
  run(input: string, folder: string, core: number): Promise<Measured>
}

export const plainJavaScript: Contestant = {
  name: 'plain JavaScript (objects and maps, nothing durable)',
  missing: missingFile(shared('peers', 'floor', 'hop.mjs')),
  prepare: async () => {},
  async run(input, folder, core) {
    const args = [shared('peers', 'floor', 'hop.mjs'), input]
    const use = await runMeasured({ command: process.execPath, args, core, folder })
    const found = /: (\d+) events, (\d+) rows in [\d.]+ s = (\d+)\/s; steady (\d+|NaN)/.exec(
      use.stdout,
    )
    if (found === null) throw new Error(`not understood: ${use.stdout}`)
    const [events, rows, eventsPerSecond, steadyPerSecond] = numbers(found)
    return measured(use, { events, rows, eventsPerSecond, steadyPerSecond })
  },
}

const flinkFolder = shared('peers', 'flink')
const cache = process.env.MILLRACE_BENCH_CACHE ?? join(homedir(), '.cache', 'millrace-bench')
const flinkCaches = {
  FLINK_LIBS: process.env.FLINK_LIBS ?? join(cache, 'flink', 'libs'),
  FLINK_CLASSES: process.env.FLINK_CLASSES ?? join(cache, 'flink', 'classes'),
}

export const flink: Contestant = {
  name: 'Apache Flink 2.2 (one process, heap state, no checkpoints)',
  missing: missingFile(join(flinkFolder, 'flink.sh')) ?? missingCommand('java'),
  async prepare(folder) {
    cpSync(flinkFolder, join(folder, 'flink'), { recursive: true })
    if (existsSync(flinkCaches.FLINK_CLASSES)) return
    remark('building Flink: Maven fetches it once, which takes minutes')
    mkdirSync(flinkCaches.FLINK_LIBS, { recursive: true })
    await runMeasured({ ...flinkScript(folder, ['build']), timeoutMs: 1_200_000 })
  },
  async run(input, folder, core) {
    const files = ['bench-file-source', 'bench-sink-blackhole', 'bench-hop-tvf']
    const args = ['run', 'SqlRun', `-Vinput=${input}`, ...files.map((name) => `sql/${name}.sql`)]
    const use = await runMeasured({ ...flinkScript(folder, args), core })
    const pattern = /records (\d+) .* = (\d+)\/s \| steady \(20-90%\) (\d+|NaN)\/s/
    const found = pattern.exec(use.stdout)
    if (found === null) throw new Error(`not understood: ${use.stdout}`)
    const [events, eventsPerSecond, steadyPerSecond] = numbers(found)
    const rows = Number(/sink\[\d+\]: Writer\|numRecordsIn = (\d+)/.exec(use.stdout)?.[1])
    return measured(use, { events, rows, eventsPerSecond, steadyPerSecond })
  },
}

function flinkScript(folder: string, args: readonly string[]) {
  const place = join(folder, 'flink')
  return {
    command: 'bash',
    args: [join(place, 'flink.sh'), ...args],
    folder: place,
    environment: flinkCaches,
  }
}

function numbers(found: RegExpExecArray): number[] {
  return found.slice(1).map(Number)
}

function measured(
  use: ProcessUse,
  said: {
    readonly events: number | undefined
    readonly rows: number | undefined
    readonly eventsPerSecond: number | undefined
    readonly steadyPerSecond: number | undefined
  },
): Measured {
  const { events = 0, rows, eventsPerSecond = 0, steadyPerSecond = 0 } = said
  return {
    events,
    rows,
    eventsPerSecond,
    steadyPerSecond: Number.isNaN(steadyPerSecond) ? 0 : steadyPerSecond,
    eventsPerCpuSecond: perSecond(events, use.cpuMs),
    rssMbMax: use.rssMbMax,
  }
}

function missingFile(path: string): string | undefined {
  return existsSync(path) ? undefined : 'its scripts are not beside the project'
}

function missingCommand(name: string): string | undefined {
  const folders = (process.env.PATH ?? '').split(':')
  return folders.some((folder) => existsSync(join(folder, name))) ? undefined : `no ${name} here`
}
