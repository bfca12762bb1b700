import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { col, concat } from '../../../engine/expression/index.ts'
import { schema, string } from '../../../engine/schema/index.ts'
import { valuesOf } from './support.ts'

const words = schema({ w: string().nullable() })
const w = col<string | null>('w')

function over(expression: { readonly node: (typeof w)['node'] }, ...texts: (string | null)[]) {
  return valuesOf(
    expression,
    words,
    texts.map((text) => ({ w: text })),
  )
}

test('positions and lengths count code points, not bytes and not UTF-16 units', () => {
  expect(over(w.length(), 'aß€😀', '', null)).toEqual([4, 0, null])
  expect(over(w.substring(2, 2), 'aß€😀', 'a', null)).toEqual(['ß€', '', null])
  expect(over(w.substring(4), 'aß€😀')).toEqual(['😀'])
})

test('a byte order mark at the beginning is a character like others', () => {
  expect(over(w.upper(), '\ufeffa')).toEqual(['\ufeffA'])
  expect(over(w.length(), '\ufeffa')).toEqual([2])
  expect(over(w.regexMatches('^\ufeff'), '\ufeffa')).toEqual([true])
})

describe('LIKE', () => {
  test.each([
    ['%', '', true],
    ['a%c', 'abbc', true],
    ['a%c', 'abcd', false],
    ['_', '😀', true],
    ['__', '😀', false],
    ['%😀_', 'x😀ß', true],
    ['10\\%', '10%', true],
    ['10\\%', '100', false],
    ['%a%b%', 'xxbxa', false],
    ['', '', true],
    ['', 'a', false],
  ])('%s on %s', (pattern, text, expected) => {
    expect(over(w.like(pattern), text)).toEqual([expected])
  })

  test('many wildcards cost no more than length times pattern', () => {
    const text = 'a'.repeat(20_000)
    expect(over(w.like(`${'%a'.repeat(40)}%b`), text)).toEqual([false])
  })
})

test('parts between separators agree with split, and a missing part is null', () => {
  const pieces = fc.array(fc.stringMatching(/^[ab,;]{0,5}$/), { minLength: 1, maxLength: 5 })
  const cases = fc.tuple(pieces, fc.constantFrom(',', ';;', 'ab'), fc.integer({ min: 1, max: 4 }))
  fc.assert(
    fc.property(cases, ([texts, separator, index]) => {
      expect(over(w.splitPart(separator, index), ...texts)).toEqual(
        texts.map((text) => text.split(separator)[index - 1] ?? null),
      )
    }),
  )
})

test('replace takes the searched text and the replacement literally', () => {
  expect(over(w.replace('.', '$&'), 'a.b.', 'x', null)).toEqual(['a$&b$&', 'x', null])
  expect(over(w.replace('', 'x'), 'ab')).toEqual(['ab'])
})

test('trim takes spaces only, concat is null where a part is null', () => {
  expect(over(w.trim(), '  a b ', '\ta', '   ')).toEqual(['a b', '\ta', ''])
  expect(over(concat(w, '-', w), 'a', null, '')).toEqual(['a-a', null, '-'])
})
