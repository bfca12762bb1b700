import { expect, it } from 'vitest'
import { lines } from './snippet.ts'
import { machinePaths, putOffWork, registryHosts } from './text-rules.ts'

it('finds what is put off', () => {
  const found = putOffWork(text('// TODO: later', '# FIXME', 'const TODOS = 3', 'todo'), [])
  expect(lines(found)).toEqual([1, 2])
})

it('finds paths of a machine', () => {
  const found = machinePaths(
    text(
      `open('/tmp/a')`,
      'see /home/me/project',
      '`/work/main`',
      'cd "/Users/me"',
      "const folder = '/tmp'",
      './tmp/a, $HOME/tmp/a, a/work/b',
      'https://example.com/home/page',
      '#!/usr/bin/env bash',
    ),
    [],
  )
  expect(lines(found)).toEqual([1, 2, 3, 4, 5])
})

it('finds hosts of package registries', () => {
  const found = registryHosts(
    text(
      'https://registry.npmjs.org/a',
      '"resolved": "https://example.com/a.tgz"',
      '@scope:registry=https://example.com',
      'https://files.pythonhosted.org/a',
      'the schema-registry.example.com of Kafka',
      'a registry of operators',
    ),
    [],
  )
  expect(lines(found)).toEqual([1, 2, 3, 4])
})

it('leaves the files that are named', () => {
  const named = [{ files: 'a/*.md', reason: '' }]
  expect(putOffWork([{ path: 'a/b.md', text: 'TODO' }], named)).toEqual([])
  expect(putOffWork([{ path: 'a/b/c.md', text: 'TODO' }], named)).toHaveLength(1)
})

function text(...content: string[]) {
  return [{ path: 'engine/snippet.ts', text: content.join('\n') }]
}
