import { expect, it } from 'vitest'
import { emptyNames, fileNames, topLevelNames } from './name-rules.ts'
import { lines, places, snippet } from './snippet.ts'

it('finds names of files and folders that are not in kebab case or say nothing', async () => {
  const good = [
    'engine/batch/record-batch.ts',
    'test/element.test-d.ts',
    'jobs/a/b2.d.ts',
    '.ci/Run',
  ]
  const bad = ['engine/recordBatch.ts', 'engine/Batch/a.ts', 'engine/a_b.ts', 'engine/utils.ts']
  const worse = ['engine/slot-manager.ts', 'operators/utils/a.ts', 'engine/table-impl.ts']
  const files = [...good, ...bad, ...worse, 'engine/README.md']
  const found = fileNames(texts(files), [{ files: '**/README.md', reason: '' }])
  expect(found.map(({ path }) => path)).toEqual([...bad, ...worse])
})

it('finds new names at the top', async () => {
  const files = texts(['engine/a.ts', 'engine/b.ts', 'src/a.ts', 'notes.md', '.gitignore'])
  expect(places(topLevelNames(files, ['engine']))).toEqual(['src:1', 'notes.md:1'])
})

it('finds declarations with empty words, and leaves those that only look like it', async () => {
  const found = emptyNames(
    await snippet(
      `interface ISource {}
      type IRow = object
      class SourceImpl {}
      class TaskManager {}
      const stringUtils = {}
      function makeManager() {}
      interface IOError {}
      interface Implementation {}
      class Item {}`,
    ),
  )
  expect(lines(found)).toEqual([1, 2, 3, 4, 5, 6])
})

function texts(paths: readonly string[]) {
  return paths.map((path) => ({ path, text: '' }))
}
