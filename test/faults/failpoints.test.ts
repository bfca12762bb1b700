// kill -9 at every step of an epoch, of its delivery and of a commit to the lake, at process level:
// whatever was running goes on with the next start, and no sink lost, repeated or changed a row.
// FAULTS=full kills twenty times at each place; the seed is printed and can be given as FAULTS_SEED.
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import { FAILPOINTS, LAKE_FAILPOINTS } from '../../engine/checkpoint/index.ts'
import { chanceSeed, seededRandom } from '../../engine/clock.ts'
import { type ChainReport, runChain } from './crash-chain.ts'
import { expectedRows } from './expected-rows.ts'
import { faultEvents, writeLines } from './fault-events.ts'
import { removeFolder, workFolder } from './program.ts'

const isFull = process.env.FAULTS === 'full'
const KILLS = isFull ? 20 : 1
const EVENTS = isFull ? 3000 : 1500
const TIMEOUT_MS = isFull ? 1_800_000 : 150_000

const seed = Number(process.env.FAULTS_SEED ?? chanceSeed())
const work = workFolder()
const events = faultEvents(EVENTS)
const expected = expectedRows([events])
const input = join(work, 'orders.jsonl')
writeLines(input, events)

const steps: readonly string[] = [...FAILPOINTS, ...LAKE_FAILPOINTS]
const stepsOf = (...parts: readonly string[]) =>
  steps.filter((step) => parts.some((part) => step.startsWith(`${part}.`)))

/** Each chain has a data folder of its own; together they cover every step of a run. */
const chains = [
  { name: 'the commit of an epoch', failpoints: stepsOf('commit'), isToFile: true },
  { name: 'the delivery', failpoints: stepsOf('deliver', 'delivered'), isToFile: false },
  { name: 'a commit to the lake', failpoints: stepsOf('delta'), isToFile: false },
  { name: 'compaction and claim', failpoints: stepsOf('compact', 'claim'), isToFile: true },
] as const

const reports: { readonly name: string; readonly report: ChainReport }[] = []

afterAll(() => {
  process.stdout.write(table(reports))
  removeFolder(work)
})

test('every step of a run is in a chain', () => {
  const covered = chains.flatMap(({ failpoints }) => failpoints)
  const elsewhere = stepsOf('savepoint', 'restore')
  expect([...covered, ...elsewhere].sort()).toEqual([...steps].sort())
  expect(expected.late.length * expected.deadLetters.length).toBeGreaterThan(0)
})

describe.concurrent('kill -9', () => {
  chains.forEach(({ name, failpoints, isToFile }, index) => {
    test(`at every step of ${name} loses and repeats nothing`, {
      timeout: TIMEOUT_MS,
    }, async () => {
      const folder = join(work, `chain-${index}`)
      mkdirSync(folder)
      const report = await runChain({
        failpoints,
        kills: KILLS,
        random: seededRandom(seed + index),
        work: folder,
        input,
        expected,
        isToFile,
        run: { epochMs: 20, batch: 32 },
      })
      reports.push({ name, report })
      expect(report).toMatchObject({ lost: 0, duplicated: 0, wrong: 0, examples: [] })
      for (const step of failpoints) expect(report.kills.get(step), step).toBe(KILLS)
    })
  })
})

/** The counts as tables, for the README. */
function table(all: typeof reports): string {
  const places = all.flatMap(({ report }) => [...report.kills])
  const chains = all.map(({ name, report }) => {
    const { runs, histories, lost, duplicated, wrong } = report
    return `| ${name} | ${runs} | ${histories} | ${lost} | ${duplicated} | ${wrong} |`
  })
  return [
    `\nseed ${seed}, ${EVENTS} events a history`,
    '| place | kills |',
    ...places.map(([step, kills]) => `| ${step} | ${kills} |`),
    '| chain | runs | histories checked | lost | duplicated | wrong |',
    ...chains,
    '',
  ].join('\n')
}
