import { expect, it } from 'vitest'
import { againstTheArrow, cyclicImports, pastTheIndex } from './import-rules.ts'
import { lines, places, snippet, snippets } from './snippet.ts'

it('follows every way of importing', async () => {
  const found = againstTheArrow(
    await snippet(
      `import { a } from '../jobs/index.ts'
      import type { B } from '../operators/index.ts'
      export { c } from '../connectors/index.ts'
      const d = await import('../test/d.ts')
      type E = import('../bench/e.ts').E
      import 'millrace'
      import fastify from 'fastify'
      import { f } from './f.ts'`,
    ),
  )
  expect(lines(found).sort()).toEqual([1, 2, 3, 4, 5, 6])
  expect(found[0]?.message).toBe(
    'imports jobs/index.ts; engine may import only engine: move what both need into engine',
  )
})

it('keeps operators and connectors apart, and lets jobs and tests import both', async () => {
  const all = `import '../engine/index.ts'
    import '../operators/index.ts'
    import '../connectors/index.ts'`
  const paths = ['operators/a.ts', 'connectors/a.ts', 'jobs/a.ts', 'test/a.ts', 'bench/a.ts']
  const texts = Object.fromEntries(paths.map((path) => [path, all]))
  const files = await snippets(texts)
  expect(places(againstTheArrow(files))).toEqual(['operators/a.ts:3', 'connectors/a.ts:2'])
})

it('lets nobody import from outside of the project', async () => {
  const files = await snippet(`import data from '../../shared/data.ts'`, 'test/a.ts')
  expect(places(againstTheArrow(files))).toEqual(['test/a.ts:1'])
})

it('enters a folder by its index', async () => {
  const files = await snippets({
    'operators/map.ts': `import '../engine/index.ts'
      import '../engine/batch/index.ts'
      import '../engine/batch/column.ts'
      import './filter.ts'
      import './aggregates/sum.ts'`,
    'jobs/main.ts': `import '../connectors/kafka/index.ts'
      import '../connectors/kafka/fetch.ts'`,
    'connectors/index.ts': `import './kafka/fetch.ts'`,
    'connectors/delta/sink.ts': `import './log.ts'
      import '../kafka/fetch.ts'
      import '../files/index.ts'
      import '../delivery.ts'`,
    'engine/operator.ts': `import './batch/column.ts'`,
    'test/engine/batch/column.test.ts': `import '../../../engine/batch/column.ts'`,
  })
  const found = pastTheIndex(files)
  expect(places(found)).toEqual([
    'operators/map.ts:3',
    'jobs/main.ts:2',
    'connectors/index.ts:1',
    'connectors/delta/sink.ts:2',
  ])
  expect(found[1]?.message).toContain('import from connectors/kafka/index.ts')
})

it('finds the shortest way round a cycle, of types as well', async () => {
  const files = await snippets({
    'engine/a.ts': `import type { B } from './b.ts'`,
    'engine/b.ts': `import './c.ts'\nimport './d.ts'`,
    'engine/c.ts': `import './d.ts'`,
    'engine/d.ts': `import { type A } from './a.ts'`,
    'engine/e.ts': `import './a.ts'`,
    'engine/self.ts': `import './self.ts'`,
  })
  const found = cyclicImports(files)
  expect(places(found)).toEqual(['engine/a.ts:1', 'engine/self.ts:1'])
  expect(found[0]?.message).toContain('engine/a.ts → engine/b.ts → engine/d.ts → engine/a.ts')
})
