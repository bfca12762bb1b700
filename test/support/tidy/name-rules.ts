// Names: files in kebab case, few top-level names, and no word that says nothing.
import type { Node } from 'typescript/unstable/ast'
import {
  isClassDeclaration,
  isFunctionDeclaration,
  isIdentifier,
  isInterfaceDeclaration,
  isTypeAliasDeclaration,
  isVariableDeclaration,
} from 'typescript/unstable/ast/is'
import { type Allowance, except, type Finding } from './finding.ts'
import type { SourceText } from './source-tree.ts'
import { findNodes, type ParsedFile } from './syntax.ts'

const kebabCase = /^[a-z0-9]+(-[a-z0-9]+)*$/
const emptyFileWord = /(^|-)(impl|manager|utils?)$/
const emptyWord = /(Impl|Manager|[uU]tils?)$/
const hungarian = /^I[A-Z][a-z]/

/** Looks at each part of a path below the top, and of a file name: `a-b`, `test` and `ts`. */
export function fileNames(
  files: readonly SourceText[],
  allowances: readonly Allowance[],
): Finding[] {
  return except(files, allowances).flatMap(({ path }) => {
    if (!path.includes('/') || path.startsWith('.')) return []
    const parts = path.split('/').flatMap((name) => name.split('.'))
    const wrong = parts.find((part) => !kebabCase.test(part))
    const empty = parts.find((part) => emptyFileWord.test(part))
    if (wrong !== undefined) return [at(path, `has "${wrong}" in its name; use kebab-case`)]
    if (empty === undefined) return []
    return [at(path, `has "${empty}" in its name; name the one thing that it exports`)]
  })
}

export function topLevelNames(files: readonly SourceText[], names: readonly string[]): Finding[] {
  const found = new Set(files.map(({ path }) => path.split('/')[0] ?? ''))
  return [...found]
    .filter((name) => !names.includes(name) && !name.startsWith('.'))
    .map((name) => at(name, `is at the top; only ${names.join(', ')} and dot files are`))
}

export function emptyNames(files: readonly ParsedFile[]): Finding[] {
  return findNodes(files, (node) => {
    const name = declaredName(node)
    if (name === undefined) return undefined
    const isType = isInterfaceDeclaration(node) || isTypeAliasDeclaration(node)
    if (isType && hungarian.test(name)) return `${name} has an I in front; name the thing itself`
    return emptyWord.test(name) ? `${name} says nothing at its end; name what it does` : undefined
  })
}

function declaredName(node: Node): string | undefined {
  const declares =
    isClassDeclaration(node) ||
    isFunctionDeclaration(node) ||
    isInterfaceDeclaration(node) ||
    isTypeAliasDeclaration(node) ||
    isVariableDeclaration(node)
  if (!declares || node.name === undefined) return undefined
  return isIdentifier(node.name) ? node.name.text : undefined
}

function at(path: string, message: string): Finding {
  return { path, line: 1, message }
}
