// runMeasured: a program in a fresh process, pinned to one core where asked, with the processor time
// and the memory that the whole process used: the same look at ours and at every peer. Both come
// from the kernel's files about a process and are 0 where there are none.
import { spawn } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { systemClock } from '../../engine/clock.ts'

export interface MeasuredProcess {
  readonly command: string
  readonly args: readonly string[]
  /** The core that it may use; undefined: all. */
  readonly core?: number | undefined
  readonly folder?: string
  readonly environment?: Readonly<Record<string, string>>
  /** It is ended after so long, and that is an error. Default 10 minutes. */
  readonly timeoutMs?: number
}

export interface ProcessUse {
  readonly stdout: string
  readonly wallMs: number
  /** User and system time of all threads, to a tick of the kernel. */
  readonly cpuMs: number
  readonly rssMbMax: number
}

const LOOK_EVERY_MS = 20
const TIMEOUT_MS = 600_000
const TICKS_PER_SECOND = 100

/** @throws Error when it ends with another code than 0; the message has what it wrote. */
export async function runMeasured(program: MeasuredProcess): Promise<ProcessUse> {
  const [command, args] = pinned(program)
  const started = systemClock.elapsedMs()
  const child = spawn(command, args, {
    cwd: program.folder,
    env: { ...process.env, ...program.environment },
    stdio: ['ignore', 'pipe', 'pipe'],
    timeout: program.timeoutMs ?? TIMEOUT_MS,
    killSignal: 'SIGKILL',
  })
  const out: Buffer[] = []
  const failure: Buffer[] = []
  child.stdout.on('data', (bytes: Buffer) => out.push(bytes))
  child.stderr.on('data', (bytes: Buffer) => failure.push(bytes))
  let use = { cpuMs: 0, rssMbMax: 0 }
  const look = setInterval(() => {
    use = usedBy(child.pid ?? 0) ?? use
  }, LOOK_EVERY_MS)
  try {
    const code = await new Promise<number | null>((resolve, reject) => {
      child.once('error', reject)
      child.once('close', resolve)
    })
    if (code !== 0) {
      const text = Buffer.concat(failure).toString().slice(-2000)
      throw new Error(`${command} ${args.join(' ')} ended with ${code}: ${text}`)
    }
  } finally {
    clearInterval(look)
  }
  const wallMs = systemClock.elapsedMs() - started
  return { stdout: Buffer.concat(out).toString(), wallMs, ...use }
}

function pinned({ command, args, core }: MeasuredProcess): [string, readonly string[]] {
  if (core === undefined || !canPin()) return [command, args]
  return ['taskset', ['-c', `${core}`, command, ...args]]
}

/** Where it can not be done, a comparison on one core means nothing, and the README says so. */
export function canPin(): boolean {
  return process.platform === 'linux' && existsSync('/usr/bin/taskset')
}

function usedBy(pid: number): { cpuMs: number; rssMbMax: number } | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
    // The name of the program is in parentheses and may hold blanks: fields are counted behind it.
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
    const ticks = Number(fields[11]) + Number(fields[12])
    const status = readFileSync(`/proc/${pid}/status`, 'utf8')
    const kilobytes = Number(/VmHWM:\s+(\d+)/.exec(status)?.[1] ?? 0)
    // A process that ended but was not waited for has no memory any more.
    if (kilobytes === 0) return undefined
    return { cpuMs: (ticks / TICKS_PER_SECOND) * 1000, rssMbMax: Math.round(kilobytes / 1024) }
  } catch {
    return undefined
  }
}
