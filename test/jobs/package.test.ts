// The packed package in a folder of someone else: what is in it, that its types hold, and that the
// job of the README runs there without a build step and gives the rows that the README shows.
import { execFileSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'

const root = fileURLToPath(new URL('../..', import.meta.url))
const TIMEOUT_MS = 120_000

let folder = ''
let packed: string[] = []

interface Ended {
  readonly exit: number
  readonly stdout: string
  readonly stderr: string
}

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'millrace-package-'))
  const report = execFileSync(
    'npm',
    ['pack', '--ignore-scripts', '--json', '--pack-destination', folder],
    { cwd: root, encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] },
  )
  const [{ filename, files }]: [{ filename: string; files: { path: string }[] }] =
    JSON.parse(report)
  packed = files.map(({ path }) => path)
  const home = join(folder, 'node_modules', 'millrace')
  mkdirSync(home, { recursive: true })
  execFileSync('tar', ['-xzf', join(folder, filename), '-C', home, '--strip-components=1'])
  // What npm would install beside it: the packages that it declares, and no others.
  const declared: { dependencies: Record<string, string> } = JSON.parse(
    readFileSync(join(home, 'package.json'), 'utf8'),
  )
  for (const name of Object.keys(declared.dependencies)) link(name)
  // A folder as `npm init` makes it.
  write('package.json', '{"name":"someone","version":"1.0.0","type":"commonjs"}')
}, TIMEOUT_MS)

afterAll(() => rmSync(folder, { recursive: true, force: true }))

function link(name: string): void {
  const place = join(folder, 'node_modules', name)
  mkdirSync(dirname(place), { recursive: true })
  symlinkSync(join(root, 'node_modules', name), place)
}

function write(name: string, text: string): void {
  writeFileSync(join(folder, name), text)
}

/** The code block of the README that comes after a text. */
function readmeBlock(after: string): string {
  const readme = readFileSync(join(root, 'README.md'), 'utf8')
  const [, rest = ''] = readme.split(`${after}\n\n\`\`\``)
  const [block = ''] = rest.split('\n```')
  return `${block.slice(block.indexOf('\n') + 1)}\n`
}

function run(file: string, args: readonly string[]): Ended {
  try {
    const stdout = execFileSync(process.execPath, [file, ...args], {
      cwd: folder,
      encoding: 'utf8',
      stdio: 'pipe',
    })
    return { exit: 0, stdout, stderr: '' }
  } catch (error) {
    if (!(error instanceof Error && 'status' in error && 'stdout' in error)) throw error
    const stderr = 'stderr' in error ? String(error.stderr) : ''
    return { exit: Number(error.status), stdout: String(error.stdout), stderr }
  }
}

/** The command line of the package, as `npx millrace` starts it. */
function millrace(...args: readonly string[]): Ended {
  const home = join(folder, 'node_modules', 'millrace')
  const { bin }: { bin: { millrace: string } } = JSON.parse(
    readFileSync(join(home, 'package.json'), 'utf8'),
  )
  return run(join(home, bin.millrace), args)
}

function typeCheck(): Ended {
  const compilerOptions = {
    ...{ strict: true, noEmit: true, skipLibCheck: false },
    ...{ module: 'nodenext', target: 'es2023', types: [] },
  }
  write('tsconfig.json', JSON.stringify({ compilerOptions, include: ['page-views.ts'] }))
  return run(join(root, 'node_modules', 'typescript', 'bin', 'tsc'), ['-p', 'tsconfig.json'])
}

describe('the package', () => {
  it('holds the program, its types and the shipped events', () => {
    expect(packed).toEqual(
      expect.arrayContaining([
        ...['package.json', 'README.md', 'LICENSE', 'engine/README.md'],
        ...['dist/jobs/main.js', 'dist/jobs/index.d.ts', 'dist/jobs/run/slot-worker.js'],
        'jobs/bitebridge/events/orders.jsonl',
      ]),
    )
  })

  it('holds no source maps, tests, benches or sources', () => {
    const strangers = packed.filter(
      (path) =>
        path.endsWith('.map') ||
        /(^|\/)(test|bench|node_modules|\.millrace)\//.test(path) ||
        (path.endsWith('.ts') && !path.endsWith('.d.ts')),
    )
    expect(strangers).toEqual([])
  })
})

describe('the job of the README in another folder', () => {
  beforeAll(() => {
    write('page-views.ts', readmeBlock('`page-views.ts`:'))
    write('views.jsonl', readmeBlock('`views.jsonl`:'))
  })

  it(
    'passes the type check, and fails it with a key that is no column',
    () => {
      expect(typeCheck()).toEqual({ exit: 0, stdout: '', stderr: '' })
      const job = readmeBlock('`page-views.ts`:')
      write('page-views.ts', job.replace("keyBy('page')", "keyBy('pages')"))
      const wrong = typeCheck()
      write('page-views.ts', job)
      expect(wrong.exit).not.toBe(0)
      expect(wrong.stdout).toContain("Property 'pages' is missing")
    },
    TIMEOUT_MS,
  )

  it(
    'gives the rows that the README shows, once',
    () => {
      const args = ['run', 'page-views.ts', '--bounded', '--in', 'views=views.jsonl']
      const first = millrace(...args, '--out', 'views-per-minute=counts.jsonl')
      expect(first.exit, first.stderr).toBe(0)
      const counts = () => readFileSync(join(folder, 'counts.jsonl'), 'utf8')
      expect(counts()).toBe(readmeBlock('`counts.jsonl` then holds'))
      const again = millrace(...args, '--out', 'views-per-minute=counts.jsonl')
      expect(again.stdout).toContain('page-views: nothing new')
      expect(counts()).toBe(readmeBlock('`counts.jsonl` then holds'))
      expect(millrace('online', 'get', 'page_views', '/', '/menu').stdout).toMatch(
        /\n\/ +present .*\n\/menu +present /,
      )
      expect(millrace('lake', 'read', 'late/views').stdout).toMatch(
        /\n\/ +eve +2024-06-07T12:00:05/,
      )
      expect(millrace('dead-letters', 'ls').stdout).toContain('field "at" is missing')
    },
    TIMEOUT_MS,
  )

  it(
    'stands beside the example, which starts from the package',
    () => {
      const started = millrace('start', '--data', 'example')
      expect(started.exit, started.stderr).toBe(0)
      expect(started.stdout).toContain('npx millrace online get user_fraud_5m')
    },
    TIMEOUT_MS,
  )
})
