// Disks that are full, folders that can't be written, files that are damaged: the program ends with a
// named error, or by LMDB's own check, and the next start goes on or refuses. It never shows a row
// that is wrong. FAULTS=full damages a store a hundred times; the seed is printed.
import { spawnSync } from 'node:child_process'
import { cpSync, mkdirSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { chanceSeed, type Random, seededRandom } from '../../engine/clock.ts'
import { MillraceError } from '../../engine/errors.ts'
import { expectedRows } from './expected-rows.ts'
import { faultEvents, writeLines } from './fault-events.ts'
import { type ProgramEnd, removeFolder, runProgram, workFolder } from './program.ts'
import { compareSinks, readSinks } from './sinks-checker.ts'

const isFull = process.env.FAULTS === 'full'
const seed = Number(process.env.FAULTS_SEED ?? chanceSeed())
const DAMAGES = isFull ? 100 : 4
const TIMEOUT_MS = isFull ? 1_200_000 : 200_000
const PAGE = 4096
const NOTHING_WRONG = { lost: 0, duplicated: 0, wrong: 0, examples: [] }
/** The last line; LMDB writes words of its own before, and may not end them. */
const NAMED = /([A-Z][A-Z_]+): [^\n]+\n$/

const work = workFolder()
const events = faultEvents(900)
const expected = expectedRows([events])
const file = join(work, 'orders.jsonl')
const inputs = [`orders=${file}`]
const outcomes = new Map<string, number>()

beforeAll(() => writeLines(file, events))

afterAll(() => {
  const counts = [...outcomes].map(([outcome, count]) => `| ${outcome} | ${count} |`)
  process.stdout.write(`\ndamaged stores, seed ${seed}\n${counts.join('\n')}\n`)
  removeFolder(work)
})

async function goesOn(data: string): Promise<void> {
  const end = await runProgram({ data, inputs })
  expect(end, end.words).toMatchObject({ code: 0, signal: null })
  expect(compareSinks(await readSinks(data), expected)).toEqual(NOTHING_WRONG)
}

describe('a disk', () => {
  const disk = mounted('size=700k')

  afterAll(() => {
    if (disk !== undefined) spawnSync('umount', ['--lazy', disk])
  })

  test.skipIf(disk === undefined)(
    'that is full ends the run by name, and the next one goes on when there is room',
    async () => {
      const data = join(disk ?? work, 'data')
      const end = await runProgram({ data, inputs, batch: 32, epochMs: 20 })
      expect(end.words).toMatch(/^(DISK_FULL|STORAGE): [^\n]+\n$/m)
      expect(end).toMatchObject({ code: 1, signal: null })
      const again = await runProgram({ data, inputs, batch: 32, epochMs: 20 })
      expect(again).toMatchObject({ code: 1, signal: null })
      remount(disk, 'size=200m')
      await goesOn(data)
    },
    TIMEOUT_MS,
  )

  test.skipIf(disk === undefined)(
    'that became read-only ends the run by name, and the next one goes on',
    async () => {
      remount(disk, 'size=200m')
      const data = join(disk ?? work, 'written-before')
      const failpoint = 'commit.after:3'
      const killed = await runProgram({ data, inputs, batch: 32, epochMs: 10, failpoint })
      expect(killed.signal).toBe('SIGKILL')
      remount(disk, 'ro')
      const end = await runProgram({ data, inputs })
      expect(end.words).toMatch(/^FOLDER_READ_ONLY: [^\n]+\n$/m)
      expect(end).toMatchObject({ code: 1, signal: null })
      remount(disk, 'rw')
      await goesOn(data)
    },
    TIMEOUT_MS,
  )
})

describe('a damaged store', () => {
  test('is refused by name or goes on to the right rows', { timeout: TIMEOUT_MS }, async () => {
    const healthy = join(work, 'healthy')
    const failpoint = 'commit.after:6'
    const killed = await runProgram({ data: healthy, inputs, batch: 32, epochMs: 10, failpoint })
    expect(killed.signal).toBe('SIGKILL')
    const random = seededRandom(seed)
    for (let n = 0; n < DAMAGES; n++) {
      const data = join(work, `damaged-${n}`)
      cpSync(healthy, data, { recursive: true })
      const what = damage(join(data, 'jobs/fraud-features/run/data.mdb'), n, random)
      note(`${what}: ${await outcomeOf(data)}`)
      removeFolder(data)
    }
    expect([...outcomes.keys()].filter((name) => /wrong|SIGBUS|unnamed/.test(name))).toEqual([])
    // LMDB itself may fall over a damaged page of its tree: the process ends, and decides nothing.
    const crashes = [...outcomes].filter(([name]) => /SIG/.test(name))
    expect(crashes.reduce((sum, [, count]) => sum + count, 0)).toBeLessThanOrEqual(DAMAGES / 4)
  })

  test('of the log is refused by name when its first pages are gone', {
    timeout: TIMEOUT_MS,
  }, async () => {
    const data = join(work, 'log')
    mkdirSync(join(data, 'log'), { recursive: true })
    writeFileSync(join(data, 'log/data.mdb'), Buffer.alloc(3 * PAGE, 7))
    const end = await runProgram({ data })
    expect(end.words).toMatch(/^STORE_CORRUPT: [^\n]+\n$/)
    expect(end).toMatchObject({ code: 1, signal: null })
  })
})

/** What a start on a damaged store comes to: right rows, a named error, a signal; or worse. */
async function outcomeOf(data: string): Promise<string> {
  const end = await runProgram({ data, inputs })
  if (end.signal !== null) return end.signal
  if (end.code !== 0) return codeOf(end)
  try {
    const { lost, duplicated, wrong, examples } = compareSinks(await readSinks(data), expected)
    if (lost + duplicated + wrong === 0) return 'right rows'
    return `wrong rows: ${lost} lost, ${duplicated} twice, ${wrong} wrong: ${examples[0]}`
  } catch (error) {
    if (error instanceof MillraceError) return `read back: ${error.code}`
    throw error
  }
}

function codeOf({ words }: ProgramEnd): string {
  return NAMED.exec(words)?.[1] ?? 'unnamed'
}

/** Flips bits, zeroes a page or cuts the file; says which. */
function damage(path: string, n: number, random: Random): string {
  const bytes = readFileSync(path)
  const page = Math.floor(random() * (bytes.length / PAGE)) * PAGE
  const kind = (['bit', 'page', 'bits', 'cut'] as const)[n % 4] ?? 'bit'
  if (kind === 'page') bytes.fill(0, page, page + PAGE)
  const flips = kind === 'bit' ? 1 : kind === 'bits' ? 64 : 0
  for (let i = 0; i < flips; i++) {
    const at = Math.floor(random() * bytes.length)
    bytes[at] = (bytes[at] ?? 0) ^ (1 << Math.floor(random() * 8))
  }
  const length = kind === 'cut' ? Math.floor(random() * bytes.length) : bytes.length
  writeFileSync(path, bytes.subarray(0, length))
  return { bit: 'one bit', bits: '64 bits', page: 'a zeroed page', cut: 'a cut' }[kind]
}

function note(outcome: string): void {
  outcomes.set(outcome, (outcomes.get(outcome) ?? 0) + 1)
}

/** A file system of its own, where this machine lets a test mount one. */
function mounted(options: string): string | undefined {
  const folder = mkdtempSync(join(work, 'disk-'))
  const { status } = spawnSync('mount', ['-t', 'tmpfs', '-o', options, 'tmpfs', folder])
  return status === 0 ? folder : undefined
}

function remount(disk: string | undefined, options: string): void {
  if (disk === undefined) return
  const { status, stderr } = spawnSync('mount', ['-o', `remount,${options}`, disk])
  expect(status, `${stderr}`).toBe(0)
}
