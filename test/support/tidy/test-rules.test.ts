import { expect, it } from 'vitest'
import { lines, snippet } from './snippet.ts'
import { issueNumbers, silentSkips } from './test-rules.ts'

it('finds tests that are left out in silence or run alone', async () => {
  const found = silentSkips(
    await snippet(
      `it.skip('a', run)
      describe.only('b', run)
      it.todo('c')
      test.concurrent.only('d', run)
      it.skip.each(rows)('e', run)
      it.skipIf(absent)('f', run)
      describe.runIf(present)('g', run)
      it('h', run)
      iterator.skip(3)`,
    ),
  )
  expect(new Set(lines(found))).toEqual(new Set([1, 2, 3, 4, 5]))
})

it('takes the reason from the comment above, for a skip only', async () => {
  const found = silentSkips(
    await snippet(
      `// Skipped because the server
      // is not there.
      it.skip('a', run)
      // Skipped because it is slow.

      it.skip('b', run)
      // Slow.
      it.skip('c', run)
      // Skipped because this one is wanted.
      it.only('d', run)`,
    ),
  )
  expect(lines(found)).toEqual([6, 8, 10])
})

it('finds numbers of issues in names', async () => {
  const found = issueNumbers(
    await snippet(
      `it('keeps order (#123)', run)
      describe('bug 4', run)
      it.each(rows)(\`regression of GH-77 with \${row}\`, run)
      it('takes the barrier #1 before 12 records', run)
      it('writes UTF-8', run)
      note('#123')`,
    ),
  )
  expect(lines(found)).toEqual([1, 2, 3])
})
