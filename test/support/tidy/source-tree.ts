// The files of the project as they are on disk, without what is generated or installed.
import { readdirSync, readFileSync } from 'node:fs'
import { extname, join } from 'node:path'

/** A file: its path from the root with forward slashes, and its text ('' for a binary file). */
export interface SourceText {
  readonly path: string
  readonly text: string
}

const ignoredNames = new Set(['.git', '.millrace', 'coverage', 'dist', 'node_modules'])
const codeExtensions = new Set(['.ts', '.mts', '.mjs', '.js'])

/** A file that disappears while the tree is read is left out. */
export function readTree(root: string, folder = ''): SourceText[] {
  return readdirSync(join(root, folder), { withFileTypes: true }).flatMap((entry) => {
    const path = folder === '' ? entry.name : `${folder}/${entry.name}`
    if (ignoredNames.has(entry.name) || entry.name.endsWith('.tgz')) return []
    if (entry.isDirectory()) return readTree(root, path)
    const text = readTextOf(join(root, path))
    return text === undefined ? [] : [{ path, text }]
  })
}

export function isCode({ path }: SourceText): boolean {
  return codeExtensions.has(extname(path))
}

/** The lines without the empty one behind the last line feed. */
export function linesOf(text: string): string[] {
  return text.replace(/\n$/, '').split('\n')
}

function readTextOf(file: string): string | undefined {
  try {
    const bytes = readFileSync(file)
    return bytes.includes(0) ? '' : bytes.toString('utf8')
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined
    throw error
  }
}
