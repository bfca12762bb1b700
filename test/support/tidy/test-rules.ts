// What keeps a green run honest: nothing is left out in silence, and a name tells the behaviour.
import type { CallExpression } from 'typescript/unstable/ast'
import {
  isCallExpression,
  isNoSubstitutionTemplateLiteral,
  isStringLiteral,
  isTemplateExpression,
} from 'typescript/unstable/ast/is'
import type { Finding } from './finding.ts'
import { findNodes, lineOf, type ParsedFile } from './syntax.ts'
import { isSuiteOrTest, modifiersOf } from './test-calls.ts'

const issueNumber = /#\d{2,}|\b(issue|bug|ticket|pull request|pr|gh)[\s#-]*\d+/i
const reason = /^\/\/ Skipped because /

export function silentSkips(files: readonly ParsedFile[]): Finding[] {
  return findNodes(files, (node, file) => {
    if (!isCallExpression(node) || !isSuiteOrTest(node)) return undefined
    const modifiers = modifiersOf(node)
    if (modifiers.includes('only')) return 'runs alone with only; delete the word'
    const left = modifiers.find((word) => ['skip', 'todo', 'fails'].includes(word))
    if (left === undefined || hasReason(lineOf(node, file), file)) return undefined
    return `is left out with ${left}; use skipIf, or say above it "// Skipped because …"`
  })
}

export function issueNumbers(files: readonly ParsedFile[]): Finding[] {
  return findNodes(files, (node, file) => {
    if (!isCallExpression(node) || !isSuiteOrTest(node)) return undefined
    const number = issueNumber.exec(titleOf(node, file))?.[0]
    return number && `has the number "${number}" in its name; say the behaviour in a sentence`
  })
}

/** Whether the comment above a line gives the reason; it may have several lines. */
function hasReason(line: number, { lines }: ParsedFile): boolean {
  for (let above = line - 2; above >= 0; above--) {
    const text = lines[above]?.trim() ?? ''
    if (!text.startsWith('//')) return false
    if (reason.test(text)) return true
  }
  return false
}

function titleOf(call: CallExpression, { tree }: ParsedFile): string {
  const [title] = call.arguments
  if (title === undefined) return ''
  const isText =
    isStringLiteral(title) || isNoSubstitutionTemplateLiteral(title) || isTemplateExpression(title)
  return isText ? title.getText(tree) : ''
}
