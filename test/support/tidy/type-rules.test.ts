import { expect, it } from 'vitest'
import { lines, snippet } from './snippet.ts'
import { anyTypes, casts, nonNullAssertions, starExports } from './type-rules.ts'

it('finds any as a type, not as a word', async () => {
  const found = anyTypes(
    await snippet(
      `let a: any
      let b: Map<string, any[]>
      function c<T = any>(any: T) { return any }
      const any = 'any' // any`,
    ),
  )
  expect(lines(found)).toEqual([1, 2, 3])
})

it('finds exports of everything', async () => {
  const found = starExports(
    await snippet(
      `export * from './a.ts'
      export * as b from './b.ts'
      export type * from './c.ts'
      export { d, type E } from './d.ts'
      import * as f from './f.ts'`,
    ),
  )
  expect(lines(found)).toEqual([1, 2, 3])
})

it('finds casts, and leaves constants, renames and checks', async () => {
  const text = `const a = b as string
    const c = d as unknown as number
    const e = <string>f
    const g = ['h'] as const
    import { i as j } from './i.ts'
    const k = { l: 1 } satisfies M`
  const found = casts(await snippet(text), [])
  expect(lines(found)).toEqual([1, 2, 2, 3])
  expect(found[0]?.message).toContain('casts to string;')
  expect(
    casts(await snippet(text, 'engine/a/b-codec.ts'), [{ files: '**/*codec.ts', reason: '' }]),
  ).toEqual([])
})

it('leaves ! only behind an index', async () => {
  const found = nonNullAssertions(
    await snippet(
      `a[i]!
      a[b[i]!]!.c
      a!
      a.b!.c
      a()!
      let d!: number
      class E { f!: number }
      !a`,
    ),
  )
  expect(lines(found)).toEqual([3, 4, 5, 6, 7])
})
