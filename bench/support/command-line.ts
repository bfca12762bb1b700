// What the benches share as programs: their options, their folders and how they print. A result is one
// JSON object on stdout; remarks go to stderr.
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'

/** The module was started as the program. */
export function isProgram(moduleUrl: string): boolean {
  return moduleUrl === pathToFileURL(process.argv[1] ?? '').href
}

export function numberOption(name: string, otherwise: number): number {
  const at = process.argv.indexOf(`--${name}`)
  return at < 0 ? otherwise : Number(process.argv[at + 1])
}

export function hasFlag(name: string): boolean {
  return process.argv.includes(`--${name}`)
}

export function print(result: unknown): void {
  process.stdout.write(`${JSON.stringify(result, undefined, 2)}\n`)
}

export function remark(text: string): void {
  process.stderr.write(`${text}\n`)
}

/** Runs `work` with a folder that is gone afterwards. */
export async function withFolder<T>(work: (folder: string) => Promise<T>): Promise<T> {
  const folder = mkdtempSync(join(tmpdir(), 'millrace-bench-'))
  try {
    return await work(folder)
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

const root = new URL(import.meta.url.endsWith('.ts') ? '../../' : '../../../', import.meta.url)

/** A compiled file; benches in processes of their own run compiled, as users do. */
export function compiled(...path: readonly string[]): string {
  return join(fileURLToPath(root), 'dist', ...path)
}

/** A file of the folder that is shared between projects, beside this one. */
export function shared(...path: readonly string[]): string {
  return join(fileURLToPath(root), '..', 'shared', ...path)
}
