// The style of the project as far as a machine can see it: each rule is one test, and its message
// lists every place with what to do. Exceptions are the lists below; each one says why it is there.
// The rules stand in `support/tidy/` and are tested there with texts that break them.
import { fileURLToPath } from 'node:url'
import { describe, it } from 'vitest'
import { timeAndChance } from './support/tidy/chance-rules.ts'
import { type Allowance, expectNone } from './support/tidy/finding.ts'
import { againstTheArrow, cyclicImports, pastTheIndex } from './support/tidy/import-rules.ts'
import { emptyNames, fileNames, topLevelNames } from './support/tidy/name-rules.ts'
import { longFiles, longFunctions, longLines } from './support/tidy/size-rules.ts'
import { isCode, readTree } from './support/tidy/source-tree.ts'
import { parse } from './support/tidy/syntax.ts'
import { issueNumbers, silentSkips } from './support/tidy/test-rules.ts'
import { machinePaths, putOffWork, registryHosts } from './support/tidy/text-rules.ts'
import { anyTypes, casts, nonNullAssertions, starExports } from './support/tidy/type-rules.ts'

const topLevel = [
  ...['package.json', 'package-lock.json', 'tsconfig.json', 'docker-compose.yml'],
  ...['README.md', 'LICENSE'],
  ...['engine', 'operators', 'connectors', 'jobs', 'test', 'bench'],
]

/** Files that read clocks, set timers or draw numbers. */
const clocks: Allowance[] = [
  { files: 'engine/clock.ts', reason: 'is what everyone else is given' },
  { files: 'bench/**', reason: 'measures time' },
  { files: 'test/**', reason: 'waits for processes, and draws seeds that it prints' },
  { files: 'jobs/bootstrap/*.mjs', reason: 'runs before anything is installed or built' },
]

/** Files that cast with `as`: bytes get a type, values a brand, steps the types they infer. */
const casters: Allowance[] = [
  { files: '**/*codec.ts', reason: 'gives bytes the type that was written' },
  { files: 'engine/codec/**', reason: 'gives bytes and buffers the type that was written' },
  { files: 'engine/graph/stream.ts', reason: 'gives a stream the row type its steps infer' },
  { files: 'engine/graph/job.ts', reason: 'gives a stream the row type of its topic' },
]

/** Files of up to 500 lines. */
const longOnes: Allowance[] = []

/** Files whose functions may have up to 200 lines, so that a hot loop stays one function. */
const hotPaths: Allowance[] = [
  { files: 'engine/json/record-layout.ts', reason: 'scans each byte of the input once' },
]

/** Files that are not named in kebab case. */
const otherNames: Allowance[] = [
  { files: '**/README.md', reason: 'is shown by this name beside the files of a folder' },
]

/** Texts in which the words of the rules may stand. */
const spellers: Allowance[] = [
  { files: 'test/support/tidy/text-rules*.ts', reason: 'are the rules, and their tests' },
]

/** Paths that are no paths of a machine. */
const containers: Allowance[] = [
  ...spellers,
  { files: 'docker-compose.yml', reason: 'names paths inside of containers' },
]

/** Texts in which any letters may stand. */
const checksums: Allowance[] = [
  ...spellers,
  { files: 'package-lock.json', reason: 'holds checksums of packages' },
]

const root = fileURLToPath(new URL('..', import.meta.url))
const texts = readTree(root)
const code = await parse(texts.filter(isCode))

describe('architecture', () => {
  it('imports point from jobs to operators and connectors, and from these to engine', () => {
    expectNone(againstTheArrow(code))
  })

  it('imports across folders go through an index', () => {
    expectNone(pastTheIndex(code))
  })

  it('imports make no cycles', () => {
    expectNone(cyclicImports(code))
  })

  it('time and chance are passed in', () => {
    expectNone(timeAndChance(code, clocks))
  })
})

describe('names', () => {
  it('the top level has few and fixed names', () => {
    expectNone(topLevelNames(texts, topLevel))
  })

  it('files are named in kebab case after the one thing they export', () => {
    expectNone(fileNames(texts, otherNames))
  })

  it('declarations have no word that says nothing', () => {
    expectNone(emptyNames(code))
  })
})

describe('types', () => {
  it('nothing is any', () => {
    expectNone(anyTypes(code))
  })

  it('an index exports by name', () => {
    expectNone(starExports(code))
  })

  it('casts stand in the files that exist to cast', () => {
    expectNone(casts(code, casters))
  })

  it('only an index of a typed array is asserted to be there', () => {
    expectNone(nonNullAssertions(code))
  })
})

describe('sizes', () => {
  it('files are short', () => {
    expectNone(longFiles(code, longOnes))
  })

  it('functions are short', () => {
    expectNone(longFunctions(code, hotPaths))
  })

  it('lines are short', () => {
    expectNone(longLines(code))
  })
})

describe('texts', () => {
  it('nothing is put off', () => {
    expectNone(putOffWork(texts, checksums))
  })

  it('no path of a machine is written down', () => {
    expectNone(machinePaths(texts, containers))
  })

  it('no host of a package registry is written down', () => {
    expectNone(registryHosts(texts, spellers))
  })
})

describe('tests', () => {
  it('are skipped with a reason, and never run alone', () => {
    expectNone(silentSkips(code))
  })

  it('are named after behaviour, not after issues', () => {
    expectNone(issueNumbers(code))
  })
})
