// Runs one child process at a time. Law: a signal that this process receives reaches the child,
// once, and this process ends after the child.
import { spawn } from 'node:child_process'
import { delimiter } from 'node:path'
import { inRoot, readJson } from './project.mjs'
import { exitCodeOf, Stop } from './stop.mjs'

/** npm passes a signal on that everyone already has: within this time two of a kind are one. */
const sameSignalMs = 300

let child
let lastSignal
let lastSignalAtMs = Number.NEGATIVE_INFINITY

for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => onSignal(signal))

function onSignal(signal) {
  const repeated = signal === lastSignal && performance.now() - lastSignalAtMs < sameSignalMs
  lastSignal = signal
  lastSignalAtMs = performance.now()
  if (child === undefined) process.exit(exitCodeOf(signal))
  // Ctrl-C at a terminal reaches the whole process group, so the child has it already.
  const sentByTerminal = signal === 'SIGINT' && process.stdin.isTTY
  if (!repeated && !sentByTerminal) child.kill(signal)
}

/** Runs a file of the project in Node with this process's stdio; resolves with its exit code. */
export async function forwardTo(file, args) {
  const { exitCode } = await spawnAndWait(process.execPath, [file, ...args], { stdio: 'inherit' })
  return exitCode
}

/**
 * Runs a step towards the goal. With `capture` its output is returned instead of shown. A signal
 * that arrives meanwhile ends the whole start.
 */
export async function runStep(command, args, { capture = false, shell = false } = {}) {
  const stdio = capture ? ['ignore', 'pipe', 'pipe'] : 'inherit'
  const result = await spawnAndWait(command, args, { stdio, shell, env: plainEnvironment() })
  if (lastSignal !== undefined) {
    throw new Stop(
      'INTERRUPTED',
      `expected to finish, found ${lastSignal}; start again to go on`,
      exitCodeOf(lastSignal),
    )
  }
  return result
}

/** Runs a script of package.json as npm would, without the cost of starting npm. */
export function runScript(name, options) {
  return runStep(readJson('package.json').scripts[name], [], { ...options, shell: true })
}

function spawnAndWait(command, args, options) {
  return new Promise((resolve, reject) => {
    let output = ''
    const started = spawn(command, args, { cwd: inRoot(), ...options })
    child = started
    for (const stream of [started.stdout, started.stderr]) {
      stream?.setEncoding('utf8').on('data', (chunk) => {
        output += chunk
      })
    }
    started.on('error', (cause) => {
      child = undefined
      reject(new Stop('NOT_STARTED', `expected to run ${command}, found ${cause.message}`))
    })
    started.on('close', (code, signal) => {
      child = undefined
      resolve({ exitCode: code ?? exitCodeOf(signal), output })
    })
  })
}

/** The environment with the project's own commands in reach, and without colours for a file. */
function plainEnvironment() {
  const { FORCE_COLOR, ...env } = process.env
  const pathName = Object.keys(env).find((name) => name.toUpperCase() === 'PATH') ?? 'PATH'
  env[pathName] = [inRoot('node_modules', '.bin'), env[pathName]].join(delimiter)
  if (!process.stdout.isTTY) return { ...env, NO_COLOR: '1' }
  return FORCE_COLOR === undefined ? env : { ...env, FORCE_COLOR }
}
