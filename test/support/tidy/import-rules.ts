// The arrow of imports: jobs → operators, connectors → engine, through index files, without cycles.
// An import of types counts like any other: the arrow is about who may know whom.
import { posix } from 'node:path'
import { isStringLiteral } from 'typescript/unstable/ast/is'
import { findCycles } from './cycles.ts'
import type { Finding } from './finding.ts'
import { lineOf, type ParsedFile } from './syntax.ts'

/** An import of one of the project's own files, `to` as a path from the root. */
interface LocalImport {
  readonly from: string
  readonly to: string
  readonly line: number
}

const all = ['engine', 'operators', 'connectors', 'jobs', 'test', 'bench']
const reach: Readonly<Record<string, readonly string[]>> = {
  engine: ['engine'],
  operators: ['operators', 'engine'],
  connectors: ['connectors', 'engine'],
  jobs: ['jobs', 'operators', 'connectors', 'engine'],
  test: all,
  bench: all,
}

/** Folders whose files may look behind the index files of others. */
const insiders = new Set(['test', 'bench'])

export function againstTheArrow(files: readonly ParsedFile[]): Finding[] {
  return localImports(files).flatMap(({ from, to, line }) => {
    const allowed = reach[topFolder(from)]
    const known = topFolder(to) in reach || to.startsWith('..')
    if (allowed === undefined || !known || allowed.includes(topFolder(to))) return []
    const message = `imports ${to}; ${topFolder(from)} may import only ${allowed.join(', ')}`
    return [{ path: from, line, message: `${message}: move what both need into engine` }]
  })
}

export function pastTheIndex(files: readonly ParsedFile[]): Finding[] {
  return localImports(files).flatMap(({ from, to, line }) => {
    if (insiders.has(topFolder(from)) || !all.includes(topFolder(to))) return []
    if (isSameUnit(from, to) || isFace(to)) return []
    const folder = isConnector(to) ? posix.dirname(to) : topFolder(to)
    const message = `imports ${to}; import from ${folder}/index.ts, and export it there`
    return [{ path: from, line, message }]
  })
}

/** An index file, or a contract: a file that stands directly in engine. */
function isFace(path: string): boolean {
  return /\/index\.ts$/.test(path) || /^engine\/[^/]+\.ts$/.test(path)
}

export function cyclicImports(files: readonly ParsedFile[]): Finding[] {
  const imports = localImports(files)
  const graph = new Map(files.map(({ path }): [string, string[]] => [path, []]))
  for (const { from, to } of imports) if (graph.has(to)) graph.get(from)?.push(to)
  return findCycles(graph).map((cycle) => {
    const [path = '', next] = cycle
    const line = imports.find(({ from, to }) => from === path && to === next)?.line ?? 1
    const way = [...cycle, path].join(' → ')
    return { path, line, message: `is in a cycle: ${way}; move what both need into a third file` }
  })
}

/** Imports, re-exports, `import()` calls and `import()` types with a relative or own name. */
function localImports(files: readonly ParsedFile[]): LocalImport[] {
  return files.flatMap((file) =>
    file.tree.imports.filter(isStringLiteral).flatMap((name) => {
      const to = resolve(file.path, name.text)
      return to === undefined ? [] : [{ from: file.path, to, line: lineOf(name, file) }]
    }),
  )
}

function resolve(from: string, name: string): string | undefined {
  if (name === 'millrace') return 'jobs/index.ts'
  return name.startsWith('.') ? posix.join(posix.dirname(from), name) : undefined
}

function topFolder(path: string): string {
  return path.split('/')[0] ?? ''
}

/** Two files that may import each other directly: one top folder, and one system in connectors. */
function isSameUnit(from: string, to: string): boolean {
  if (topFolder(from) !== topFolder(to)) return false
  return !isConnector(to) || from.split('/')[1] === to.split('/')[1]
}

/** A file of one system: `connectors/kafka/source.ts`. */
function isConnector(path: string): boolean {
  return topFolder(path) === 'connectors' && path.split('/').length > 2
}
