// Tells suites and tests by their calls: `describe('…')`, `it.each(rows)('…')` and the like.
import type { CallExpression, Node } from 'typescript/unstable/ast'
import {
  isCallExpression,
  isIdentifier,
  isPropertyAccessExpression,
} from 'typescript/unstable/ast/is'

const suite = /^(describe\w*|requireOrSkip|suite)$/
const test = /^(it|test|bench)$/

export function isSuite(call: CallExpression): boolean {
  return suite.test(rootOf(call).name)
}

export function isSuiteOrTest(call: CallExpression): boolean {
  const { name } = rootOf(call)
  return suite.test(name) || test.test(name)
}

/** The words behind the first one: `['skipIf']` of `describe.skipIf(…)('…')`. */
export function modifiersOf(call: CallExpression): readonly string[] {
  return rootOf(call).modifiers
}

function rootOf(call: CallExpression): { name: string; modifiers: string[] } {
  const modifiers: string[] = []
  let at: Node = call.expression
  for (;;) {
    if (isPropertyAccessExpression(at)) modifiers.unshift(at.name.text)
    else if (!isCallExpression(at)) break
    at = at.expression
  }
  return { name: isIdentifier(at) ? at.text : '', modifiers }
}
