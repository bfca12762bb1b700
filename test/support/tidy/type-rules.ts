// What makes a type a promise: no `any`, no cast outside the files that exist to cast, no `!` but
// behind an index (that the indexed value is a typed array is for the reader), exports by name.
import { SyntaxKind } from 'typescript/unstable/ast'
import {
  isAsExpression,
  isElementAccessExpression,
  isExportDeclaration,
  isNonNullExpression,
  isTypeAssertion,
} from 'typescript/unstable/ast/is'
import { type Allowance, except, type Finding } from './finding.ts'
import { findNodes, type ParsedFile } from './syntax.ts'

export function anyTypes(files: readonly ParsedFile[]): Finding[] {
  return findNodes(files, (node) =>
    node.kind === SyntaxKind.AnyKeyword
      ? 'says any; name the type, or take unknown and check it'
      : undefined,
  )
}

export function starExports(files: readonly ParsedFile[]): Finding[] {
  return findNodes(files, (node) =>
    isExportDeclaration(node) && node.exportClause?.kind !== SyntaxKind.NamedExports
      ? 'exports *; list the names, so that what is public is decided here'
      : undefined,
  )
}

export function casts(files: readonly ParsedFile[], allowances: readonly Allowance[]): Finding[] {
  return findNodes(except(files, allowances), (node, { tree }) => {
    if (!isAsExpression(node) && !isTypeAssertion(node)) return undefined
    const target = node.type.getText(tree)
    if (target === 'const') return undefined
    return `casts to ${target}; narrow by a check, or move the cast into a codec or constructor`
  })
}

export function nonNullAssertions(files: readonly ParsedFile[]): Finding[] {
  return findNodes(files, (node) => {
    if (isNonNullExpression(node) && !isElementAccessExpression(node.expression)) {
      return 'asserts with ! what is no index of a typed array; check it, or give it a default'
    }
    if (node.kind === SyntaxKind.ExclamationToken) {
      return 'declares with ! that it is set later; set it where it is declared'
    }
    return undefined
  })
}
