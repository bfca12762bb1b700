// Time and chance are passed in: whoever reads a clock or draws a number by itself cannot be
// replayed. Found are the names that reach the outside, called or only mentioned.
import {
  type Identifier,
  type NewExpression,
  type Node,
  type PropertyAccessExpression,
  SyntaxKind,
} from 'typescript/unstable/ast'
import {
  isIdentifier,
  isImportDeclaration,
  isNewExpression,
  isPropertyAccessExpression,
  isStringLiteral,
} from 'typescript/unstable/ast/is'
import { type Allowance, except, type Finding } from './finding.ts'
import { findNodes, type ParsedFile } from './syntax.ts'

const timers = new Set(['setTimeout', 'setInterval'])
const members = new Set(['Date.now', 'performance.now', 'process.hrtime', 'Math.random'])

const declarations = new Set([
  SyntaxKind.MethodDeclaration,
  SyntaxKind.MethodSignature,
  SyntaxKind.PropertyAssignment,
  SyntaxKind.PropertyDeclaration,
  SyntaxKind.PropertySignature,
])

export function timeAndChance(
  files: readonly ParsedFile[],
  allowances: readonly Allowance[],
): Finding[] {
  return findNodes(except(files, allowances), (node) => {
    const name = outsideName(node)
    return name && `reads ${name}; take a Clock or a Random as a parameter`
  })
}

function outsideName(node: Node): string | undefined {
  if (isImportDeclaration(node)) return timerModule(node.moduleSpecifier)
  if (isNewExpression(node)) return isCurrentDate(node) ? 'new Date()' : undefined
  if (isPropertyAccessExpression(node)) return memberName(node)
  return isIdentifier(node) && timers.has(node.text) && !isOwnMember(node) ? node.text : undefined
}

function timerModule(specifier: Node): string | undefined {
  if (!isStringLiteral(specifier)) return undefined
  return /^(node:)?timers(\/promises)?$/.test(specifier.text) ? specifier.text : undefined
}

function isCurrentDate({ expression, arguments: given }: NewExpression): boolean {
  return isIdentifier(expression) && expression.text === 'Date' && (given?.length ?? 0) === 0
}

function memberName({ expression, name }: PropertyAccessExpression): string | undefined {
  const owner = isPropertyAccessExpression(expression) ? expression.name : expression
  const text = isIdentifier(owner) ? `${owner.text}.${name.text}` : ''
  return members.has(text) ? text : undefined
}

/** A method or field that happens to have the name of a timer: `clock.setTimeout(…)`. */
function isOwnMember(name: Identifier): boolean {
  const { parent } = name
  if (isPropertyAccessExpression(parent)) {
    const { expression } = parent
    return parent.name === name && !(isIdentifier(expression) && expression.text === 'globalThis')
  }
  return declarations.has(parent.kind) && 'name' in parent && parent.name === name
}
