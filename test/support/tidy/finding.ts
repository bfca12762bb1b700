// What a rule of tidiness reports, and the named exceptions to a rule.

/** A place that breaks a rule. The message says what was found, then what to do. */
export interface Finding {
  readonly path: string
  readonly line: number
  readonly message: string
}

/** An exception. `files` is a path from the root, with `*` for a name and `**` for any folders. */
export interface Allowance {
  readonly files: string
  readonly reason: string
}

export function isAllowed(path: string, allowances: readonly Allowance[]): boolean {
  return allowances.some(({ files }) => matches(path, files))
}

/** The files to which a rule applies. */
export function except<T extends { readonly path: string }>(
  files: readonly T[],
  allowances: readonly Allowance[],
): T[] {
  return files.filter(({ path }) => !isAllowed(path, allowances))
}

// Whether a path is one that the pattern means: `engine/**/codec.ts`, `bench/**`, `jobs/*.ts`.
export function matches(path: string, pattern: string): boolean {
  const source = pattern
    .replace(/[.+?^${}()|[\]\\]/g, '\\$&')
    .replace(/\*\*\/|\*\*|\*/g, (star) => wildcards[star] ?? star)
  return new RegExp(`^${source}$`).test(path)
}

const wildcards: Record<string, string> = { '**/': '(?:.*/)?', '**': '.*', '*': '[^/]*' }

/** Throws one error that lists every place as `file:line message`; nothing where there is none. */
export function expectNone(findings: readonly Finding[]): void {
  if (findings.length === 0) return
  const lines = findings.map(({ path, line, message }) => `${path}:${line} ${message}`)
  const error = new Error(`${findings.length} places to tidy\n${lines.sort().join('\n')}`)
  error.stack = error.message
  throw error
}
