import { describe, expect, test } from 'vitest'
import { alignedTable, printListing } from '../../../jobs/cli/listing.ts'
import { TestIo } from './cli-fixture.ts'

describe('a listing', () => {
  interface Row {
    readonly name: string
    readonly size: number | null
  }
  const columns = [
    { name: 'name', value: (row: Row) => row.name },
    { name: 'sizeBytes', head: 'size', value: (row: Row) => row.size },
  ]
  const rows = [
    { name: 'a', size: 1234 },
    { name: 'long', size: 5 },
  ]

  test('aligns columns, numbers to the right', () => {
    const io = new TestIo()
    printListing(io, false, columns, rows, 'nothing')
    expect(io.said().out).toBe('name   size\na     1,234\nlong      5\n')
  })

  test('is one JSON object per row for programs', () => {
    const io = new TestIo()
    printListing(io, true, columns, [...rows, { name: 'x', size: null }], 'nothing')
    expect(io.said().rows()).toEqual([
      { name: 'a', sizeBytes: 1234 },
      { name: 'long', sizeBytes: 5 },
      { name: 'x', sizeBytes: null },
    ])
  })

  test('of no rows says so on stderr, and nothing to programs', () => {
    const [people, program] = [new TestIo(), new TestIo()]
    printListing(people, false, columns, [], 'nothing')
    printListing(program, true, columns, [], 'nothing')
    expect([people.said().out, people.said().notes]).toEqual(['', 'nothing'])
    expect([program.said().out, program.said().notes]).toEqual(['', ''])
  })

  test('shows characters that would move the cursor', () => {
    const table = alignedTable(['x', 'y'], [['a\u001b[2Jb', 'c\nd']])
    expect(table.split('\n').length).toBe(3)
    expect(table).toContain('a\\u001b[2Jb')
    expect(table).toContain('c\\nd')
  })

  test('counts characters, not code units', () => {
    expect(alignedTable(['x', 'y'], [['😀', 'a']])).toBe('x  y\n😀  a\n')
  })
})
