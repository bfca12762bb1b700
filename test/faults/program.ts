// The built program as tests run it: a process of its own, ended by itself, by a failpoint or by a
// signal. It says how the process ended and what it wrote; it never judges.
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdtempSync, rmSync, statfsSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

const project = fileURLToPath(new URL('../..', import.meta.url))
/** Another folder with a build of the program, e.g. an installed package. */
const root = process.env.MILLRACE_PROGRAM ?? project
const main = join(root, 'dist/jobs/main.js')

/** The main job as the build left it: starts without a compiler. */
export const fraudJob = join(root, 'dist/jobs/bitebridge/fraud.js')
export const ordersFile = join(project, 'jobs/bitebridge/events/orders.jsonl')

const MEMORY_FOLDER = '/dev/shm'
const ROOM_BYTES_MIN = 2 * 1024 ** 3
/** A process that is not over by then hangs; it is killed and its test fails. */
const ENDS_WITHIN_MS = 100_000

export interface ProgramEnd {
  readonly code: number | null
  readonly signal: NodeJS.Signals | null
  readonly out: string
  readonly words: string
}

export interface Running {
  readonly child: ChildProcess
  readonly ended: Promise<ProgramEnd>
}

export interface RunSettings {
  readonly data: string
  readonly job?: string
  readonly inputs?: readonly string[]
  readonly outputs?: readonly string[]
  readonly slots?: number
  readonly epochMs?: number
  readonly batch?: number
  readonly isLive?: boolean
  readonly more?: readonly string[]
  /** `name:count`: where the process kills itself. */
  readonly failpoint?: string
  /** What is piped in. */
  readonly stdin?: string
}

/** A folder in memory where there is much of it: a killed process loses no page of the system. */
export function workFolder(): string {
  const isRoomy =
    existsSync(MEMORY_FOLDER) &&
    statfsSync(MEMORY_FOLDER).bavail * statfsSync(MEMORY_FOLDER).bsize > ROOM_BYTES_MIN
  return mkdtempSync(join(isRoomy ? MEMORY_FOLDER : tmpdir(), 'millrace-faults-'))
}

export function removeFolder(folder: string): void {
  rmSync(folder, { recursive: true, force: true })
}

/** The arguments of `millrace run`. */
export function runArguments(settings: RunSettings): string[] {
  const { data, job = fraudJob, inputs = [], outputs = [], slots = 1, epochMs = 30 } = settings
  return [
    ...['run', job, '--data', data, '--json', '--slots', `${slots}`, '--epoch', `${epochMs}`],
    ...(settings.isLive === true ? [] : ['--bounded']),
    ...(settings.batch === undefined ? [] : ['--batch', `${settings.batch}`]),
    ...inputs.flatMap((input) => ['--in', input]),
    ...outputs.flatMap((output) => ['--out', output]),
    ...(settings.more ?? []),
  ]
}

export function startProgram(args: readonly string[], failpoint = '', stdin = ''): Running {
  const env = { ...process.env, MILLRACE_FAILPOINT: failpoint, NODE_OPTIONS: '' }
  const child = spawn(process.execPath, [main, ...args], { env, stdio: ['pipe', 'pipe', 'pipe'] })
  child.stdin.on('error', () => undefined) // A program that ends need not have read it all.
  child.stdin.end(stdin)
  return { child, ended: endOf(child) }
}

export function startRun(settings: RunSettings): Running {
  return startProgram(runArguments(settings), settings.failpoint, settings.stdin)
}

/** Runs to the end of the process. */
export function runProgram(settings: RunSettings): Promise<ProgramEnd> {
  return startRun(settings).ended
}

/** Resolves when the process has written something that matches. */
export async function hasSaid(running: Running, wanted: RegExp): Promise<void> {
  const { stderr } = running.child
  let words = ''
  const said = new Promise<void>((resolve) => {
    stderr?.on('data', (data) => {
      words += data
      if (wanted.test(words)) resolve()
    })
  })
  await Promise.race([said, running.ended])
}

async function endOf(child: ChildProcess): Promise<ProgramEnd> {
  let out = ''
  let words = ''
  child.stdout?.on('data', (data) => {
    out += data
  })
  child.stderr?.on('data', (data) => {
    words += data
  })
  const timer = setTimeout(() => {
    words += `\nTEST: the process was not over after ${ENDS_WITHIN_MS} ms`
    child.kill('SIGKILL')
  }, ENDS_WITHIN_MS)
  const [code, signal]: (number | NodeJS.Signals | null)[] = await once(child, 'close')
  clearTimeout(timer)
  return {
    code: typeof code === 'number' ? code : null,
    signal: typeof signal === 'string' ? signal : null,
    out,
    words,
  }
}
