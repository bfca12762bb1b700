import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { int32, list, schema, string, timestamp } from '../../engine/schema/index.ts'
import { deduplicate, keyBy } from '../../operators/index.ts'
import { everyWay, type Input, type Row, rows, run, streamOf } from './rows.ts'

const clicks = schema({ id: string(), shop: string(), at: timestamp() })
const WITHIN = 10_000

const stream = streamOf(clicks)
const unique = stream.pipe(deduplicate({ within: '10ms', by: ['id'] }))

/** Rows written `id ms`; the watermark stands `disorder` ms behind the largest so far. */
function history(lines: readonly string[], disorder: number): Input[] {
  let largest = Number.NEGATIVE_INFINITY
  return lines.map((line) => {
    const [id = '', ms, shop = 's'] = line.split(' ')
    const at = Number(ms) * 1000
    const watermarkBefore = largest - disorder * 1000
    largest = Math.max(largest, at)
    const batch = rows(clicks, [{ id, shop, at }], { time: 'at', watermarkBefore })
    return { batch, after: largest - disorder * 1000 }
  })
}

const shown = (found: readonly Row[]) => found.map((row) => `${row.id} ${Number(row.at) / 1000}`)

describe('deduplicate', () => {
  it('lets the first of equal rows within the horizon leave, and counts the others', () => {
    const inputs = history(['a 1', 'b 2', 'a 3', 'a 10', 'a 11', 'a 12', 'b 30'], 0)
    everyWay(unique, inputs, (harness, way) => {
      expect(shown(harness.rows()), way).toEqual(['a 1', 'b 2', 'a 11', 'b 30'])
      expect(harness.counts.get('duplicates'), way).toBe(3)
    })
  })

  it('takes a row that comes late but lies before the horizon for another one', () => {
    const inputs = history(['a 50', 'a 45', 'a 39', 'a 52'], 20)
    everyWay(unique, inputs, (harness, way) => {
      expect(shown(harness.rows()), way).toEqual(['a 50', 'a 39'])
    })
  })

  it('forgets keys that the watermark passed by the horizon', () => {
    const inputs = history(
      Array.from({ length: 500 }, (_, i) => `k${i} ${i * 10}`),
      0,
    ).flatMap((input): Input[] => [input, 'barrier'])
    const harness = run(unique, inputs, (running) => {
      expect(running.tables[0]?.rows).toBeLessThan(6)
    })
    expect(harness.rows()).toHaveLength(500)
    expect(harness.stored('keys').size).toBeLessThan(8)
  })

  it('gives the same rows for any history, however it is cut and when keys are forgotten', () => {
    const click = fc.tuple(fc.constantFrom('a', 'b'), fc.integer({ min: 0, max: 60 }))
    fc.assert(
      fc.property(
        fc.array(click, { maxLength: 25 }),
        fc.integer({ min: 0, max: 30 }),
        (data, d) => {
          const inputs = history(
            data.map(([id, ms]) => `${id} ${ms}`),
            d,
          )
          const kept = new Map<string, number>()
          let largest = Number.NEGATIVE_INFINITY
          const expected = data.filter(([id, ms]) => {
            const before = kept.get(id)
            const watermark = largest - d
            largest = Math.max(largest, ms)
            const isKnown = before !== undefined && before + WITHIN / 1000 > watermark
            if (isKnown && Math.abs(ms - before) < WITHIN / 1000) return false
            kept.set(id, Math.max(ms, before ?? ms))
            return true
          })
          everyWay(unique, inputs, (harness, way) => {
            expect(shown(harness.rows()), way).toEqual(expected.map(([id, ms]) => `${id} ${ms}`))
          })
        },
      ),
      { numRuns: 60 },
    )
  })

  it('takes the keys of a keyed stream, or all columns, when none are named', () => {
    const inputs = history(['a 1 x', 'a 1 y', 'b 1 x', 'a 1 x'], 0)
    const byShop = stream.pipe(keyBy('shop'), deduplicate({ within: '10ms' }))
    expect(run(byShop, inputs).rows()).toHaveLength(2)
    expect(byShop.reference.operator.keys).toEqual(['shop'])
    const byBoth = stream.pipe(keyBy('shop'), deduplicate({ within: '10ms', by: ['id'] }))
    expect(run(byBoth, inputs).rows()).toHaveLength(3)
    expect(byBoth.reference.operator.keys).toEqual(['shop'])
    expect(run(stream.pipe(deduplicate({ within: '10ms' })), inputs).rows()).toHaveLength(3)
  })

  it('refuses columns that can not be compared, and changelogs', () => {
    const lists = streamOf(schema({ ids: list(int32()) }))
    expect(() => lists.pipe(deduplicate({ within: '1s' }))).toThrow('KEY_TYPE')
    const changing = streamOf(clicks, { isChangelog: true })
    expect(() => changing.pipe(deduplicate({ within: '1s' }))).toThrow('CHANGELOG_INPUT')
  })
})
