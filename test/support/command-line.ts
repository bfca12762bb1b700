// Runs the compiled command line as a person would: in a process of its own, from another folder.
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { onTestFinished } from 'vitest'

const main = fileURLToPath(new URL('../../dist/jobs/main.js', import.meta.url))

/** A running command; it is killed when the test ends before it does. */
export class RunningCommand {
  readonly process: ChildProcess
  stdout = ''
  stderr = ''
  readonly #exit: Promise<unknown[]>
  readonly #waiting = new Set<() => void>()

  constructor(folder: string, args: readonly string[]) {
    this.process = spawn(process.execPath, [main, ...args], { cwd: folder })
    this.#exit = once(this.process, 'close')
    this.process.stdout?.setEncoding('utf8').on('data', (text: string) => {
      this.stdout += text
      for (const look of this.#waiting) look()
    })
    this.process.stderr?.setEncoding('utf8').on('data', (text: string) => {
      this.stderr += text
      for (const look of this.#waiting) look()
    })
    onTestFinished(() => {
      this.process.kill('SIGKILL')
    })
  }

  /** Resolves with what `pattern` finds in the output; rejects when the command ends without it. */
  says(pattern: RegExp): Promise<RegExpExecArray> {
    return new Promise((resolve, reject) => {
      const look = () => {
        const found = pattern.exec(this.stderr) ?? pattern.exec(this.stdout)
        if (found === null) return
        this.#waiting.delete(look)
        resolve(found)
      }
      this.#waiting.add(look)
      look()
      void this.#exit.then(() => reject(new Error(`never said ${pattern}: ${this.stderr}`)))
    })
  }

  /** Exit code, or the signal that ended it. */
  async end(): Promise<number | NodeJS.Signals | null> {
    await this.#exit
    return this.process.exitCode ?? this.process.signalCode
  }
}

/** Runs a command to its end. */
export async function command(folder: string, args: readonly string[]) {
  const running = new RunningCommand(folder, args)
  const exit = await running.end()
  return { exit, stdout: running.stdout, stderr: running.stderr }
}
