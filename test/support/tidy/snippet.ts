// For the tests of the rules: a few lines of code as a parsed file, and findings as `path:line`.
import type { Finding } from './finding.ts'
import { type ParsedFile, parse } from './syntax.ts'

/** Parses texts by their paths. */
export function snippets(texts: Readonly<Record<string, string>>): Promise<ParsedFile[]> {
  return parse(Object.entries(texts).map(([path, text]) => ({ path, text })))
}

/** Parses one text as a file of the engine. */
export function snippet(text: string, path = 'engine/snippet.ts'): Promise<ParsedFile[]> {
  return snippets({ [path]: text })
}

export function places(findings: readonly Finding[]): string[] {
  return findings.map(({ path, line }) => `${path}:${line}`)
}

export function lines(findings: readonly Finding[]): number[] {
  return findings.map(({ line }) => line)
}
