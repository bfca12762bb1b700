import { expect, it } from 'vitest'
import { longFiles, longFunctions, longLines } from './size-rules.ts'
import { lines, places, snippet, snippets } from './snippet.ts'

const allowed = [{ files: 'engine/snippet.ts', reason: '' }]

it('counts the lines of a file', async () => {
  expect(longFiles(await snippet('a\n'.repeat(300)), [])).toEqual([])
  expect(places(longFiles(await snippet('a\n'.repeat(301)), []))).toEqual(['engine/snippet.ts:301'])
  expect(longFiles(await snippet('a\n'.repeat(500)), allowed)).toEqual([])
  expect(longFiles(await snippet('a\n'.repeat(501)), allowed)[0]?.message).toContain('limit 500')
})

it('counts the lines of every kind of function, without the comment above', async () => {
  const body = '{\n'.concat('a\n'.repeat(59), '}\n')
  const start = '/**\n* what it does\n*/\n'
  const kinds = [
    `function f() ${body}`,
    `const f = () => ${body}`,
    `const f = function () ${body}`,
    `class F { f() ${body} }`,
    `class F { constructor() ${body} }`,
    `class F { get f() ${body} }`,
    `class F { static set f(g) ${body} }`,
    `const f = { f() ${body} }`,
  ]
  const long = await snippets(paths(kinds.map((kind) => start + kind)))
  const short = await snippets(paths(kinds.map((kind) => start + kind.replace('a\n', ''))))
  const found = longFunctions(long, [])
  expect(places(found)).toEqual(kinds.map((_, index) => `engine/${index}.ts:4`))
  for (const { message } of found) expect(message).toContain('has 61 lines, limit 60')
  expect(longFunctions(short, [])).toEqual([])
  expect(longFunctions(long, [{ files: 'engine/*.ts', reason: '' }])).toEqual([])
})

it('limits the functions of a hot path too', async () => {
  const found = longFunctions(await snippet(`function scan() {\n${'a\n'.repeat(199)}}`), allowed)
  expect(found[0]?.message).toBe('function scan has 201 lines, limit 200; give its steps names')
})

it('measures tests, not the suites around them', async () => {
  const long = 'a\n'.repeat(60)
  const short = `it('b', async () => {\n${'a\n'.repeat(50)}})\n`
  const found = longFunctions(
    await snippet(
      `describe('suite', () => {\n${short}${short}})
      describe.skipIf(c).each(d)('suite', () => {\n${short}${short}})
      describeWithShared('suite', (folder) => {\n${short}${short}})
      function cases(make) {\n${short}${short}}
      it('long', async () => {\n${long}})`,
    ),
    [],
  )
  expect(found).toHaveLength(1)
  expect(found[0]?.line).toBe(425)
})

it('counts the characters of a line, not its bytes', async () => {
  const text = `${'é'.repeat(100)}\n${'🙂'.repeat(100)}\n${'a'.repeat(101)}\n`
  expect(lines(longLines(await snippet(text)))).toEqual([3])
})

it('lets prose run a little further than code', async () => {
  const text = `// ${'a'.repeat(107)}\n// ${'a'.repeat(108)}\n`
  expect(lines(longLines(await snippet(text)))).toEqual([2])
})

function paths(texts: readonly string[]): Record<string, string> {
  return Object.fromEntries(texts.map((text, index) => [`engine/${index}.ts`, text]))
}
