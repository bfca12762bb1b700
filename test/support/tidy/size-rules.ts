// How long things get: files, functions, lines. The suites of a test are not functions: a
// `describe` is as long as its tests need, and each test is measured for itself.
import type { Node } from 'typescript/unstable/ast'
import {
  isArrowFunction,
  isCallExpression,
  isConstructorDeclaration,
  isFunctionDeclaration,
  isFunctionExpression,
  isGetAccessorDeclaration,
  isMethodDeclaration,
  isSetAccessorDeclaration,
} from 'typescript/unstable/ast/is'
import { type Allowance, type Finding, isAllowed } from './finding.ts'
import { findNodes, lastLineOf, lineOf, type ParsedFile } from './syntax.ts'
import { isSuite, isSuiteOrTest } from './test-calls.ts'

export const fileLinesMax = 300
export const longFileLinesMax = 500
export const functionLinesMax = 60
export const hotFunctionLinesMax = 200
export const lineCharactersMax = 100
/** Lines of prose may be a little longer: nothing wraps them by itself. */
export const commentCharactersMax = 110

export function longFiles(
  files: readonly ParsedFile[],
  allowances: readonly Allowance[],
): Finding[] {
  return files.flatMap(({ path, lines }) => {
    const limit = isAllowed(path, allowances) ? longFileLinesMax : fileLinesMax
    if (lines.length <= limit) return []
    const message = `has ${lines.length} lines, limit ${limit}; split it into one noun a file`
    return [{ path, line: limit + 1, message }]
  })
}

export function longFunctions(
  files: readonly ParsedFile[],
  hotPaths: readonly Allowance[],
): Finding[] {
  return findNodes(files, (node, file) => {
    if (!isFunction(node) || isSuiteBody(node)) return undefined
    const limit = isAllowed(file.path, hotPaths) ? hotFunctionLinesMax : functionLinesMax
    const length = linesSpanned(node, file) - linesOfSuites(node, file)
    if (length <= limit) return undefined
    return `${nameOf(node)} has ${length} lines, limit ${limit}; give its steps names`
  })
}

export function longLines(files: readonly ParsedFile[]): Finding[] {
  return files.flatMap(({ path, lines }) =>
    lines.flatMap((text, index) => {
      const { length } = [...text]
      const limit = /^\s*(\/\/|\/?\*)/.test(text) ? commentCharactersMax : lineCharactersMax
      if (length <= limit) return []
      const message = `has ${length} characters, limit ${limit}; break the line`
      return [{ path, line: index + 1, message }]
    }),
  )
}

function isFunction(node: Node): boolean {
  return (
    isFunctionDeclaration(node) ||
    isFunctionExpression(node) ||
    isArrowFunction(node) ||
    isMethodDeclaration(node) ||
    isConstructorDeclaration(node) ||
    isGetAccessorDeclaration(node) ||
    isSetAccessorDeclaration(node)
  )
}

function isSuiteBody(node: Node): boolean {
  return isCallExpression(node.parent) && isSuite(node.parent)
}

function linesSpanned(node: Node, file: ParsedFile): number {
  return lastLineOf(node, file) - lineOf(node, file) + 1
}

/** The lines of the outermost suites and tests inside a function that makes them. */
function linesOfSuites(node: Node, file: ParsedFile): number {
  let lines = 0
  node.forEachChild((child) => {
    const isOne = isCallExpression(child) && isSuiteOrTest(child)
    lines += isOne ? linesSpanned(child, file) : linesOfSuites(child, file)
  })
  return lines
}

function nameOf(node: Node): string {
  const named = 'name' in node ? node : node.parent
  const name = 'name' in named ? named.name : undefined
  const isNamed = typeof name === 'object' && name !== null && 'text' in name
  return isNamed ? `function ${name.text}` : 'a function'
}
