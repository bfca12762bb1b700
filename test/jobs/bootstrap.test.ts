// The start of a fresh clone, on a small project whose compiler and test runner are scripts of a
// few lines: what is built when, what two starts at once do, and how a child is ended.
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { hostname, tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'

const jobsFolder = fileURLToPath(new URL('../../jobs/', import.meta.url))

/** Compiles by copying, writes one line into `builds` for each run, waits while `wait` exists. */
const compiler = `
import { appendFileSync, existsSync, mkdirSync } from 'node:fs'
import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
appendFileSync('builds', 'built\\n')
mkdirSync('dist/jobs', { recursive: true })
for (const name of readdirSync('jobs').filter((name) => name.endsWith('.ts'))) {
  const text = readFileSync('jobs/' + name, 'utf8')
  if (text.includes('mistake')) throw new Error('does not compile')
  writeFileSync('dist/jobs/' + name.replace('.ts', '.js'), text)
}
while (existsSync('wait')) await new Promise((resolve) => setTimeout(resolve, 10))
`

let project: string

beforeEach(() => {
  project = mkdtempSync(join(tmpdir(), 'millrace-bootstrap-'))
  cpSync(join(jobsFolder, 'bootstrap.mjs'), join(project, 'jobs', 'bootstrap.mjs'))
  cpSync(join(jobsFolder, 'bootstrap'), join(project, 'jobs', 'bootstrap'), { recursive: true })
  write('package.json', {
    type: 'module',
    engines: { node: '>=20.19' },
    scripts: { build: 'node compiler.mjs', typecheck: 'node -e 0', lint: 'node -e 0' },
  })
  const locked = { '': {}, 'node_modules/leaf': { version: '1.2.3' } }
  write('package-lock.json', { lockfileVersion: 3, packages: locked })
  write('node_modules/.package-lock.json', {
    packages: { 'node_modules/leaf': locked['node_modules/leaf'] },
  })
  write('compiler.mjs', compiler)
  write('jobs/main.ts', 'console.log(JSON.stringify(process.argv.slice(2)))')
})

afterEach(() => rmSync(project, { recursive: true, force: true }))

describe('building', () => {
  it('builds once, and again only after a source changed', async () => {
    expect(await start('start')).toMatchObject({ exitCode: 0, stdout: '["start"]\n' })
    await start('start')
    expect(builds()).toBe(1)
    write('jobs/main.ts', 'console.log("changed")')
    expect(await start('start')).toMatchObject({ stdout: 'changed\n' })
    expect(builds()).toBe(2)
  })

  it('builds once for two starts at the same time', async () => {
    write('wait', '')
    const children = [launch('millrace', 'a'), launch('millrace', 'b')]
    const results = Promise.all(children.map(collect))
    await Promise.race(children.map((child) => says(child, 'waiting for another start')))
    rmSync(join(project, 'wait'))
    expect((await results).map(({ stdout }) => stdout)).toEqual(['["a"]\n', '["b"]\n'])
    expect(builds()).toBe(1)
    expect(existsSync(join(project, 'dist', '.lock'))).toBe(false)
  })

  it('starts nothing after a failed build, and builds again the next time', async () => {
    await start('start')
    write('jobs/main.ts', 'mistake')
    for (const attempt of [2, 3]) {
      const result = await start('start')
      expect(result).toMatchObject({ exitCode: 1, stdout: '' })
      expect(result.stderr).toContain('BUILD_FAILED: ')
      expect(result.stderr).toContain('does not compile')
      expect(builds()).toBe(attempt)
    }
  })

  it('deletes the output of deleted sources', async () => {
    write('jobs/old.ts', '')
    await start('start')
    expect(existsSync(join(project, 'dist/jobs/old.js'))).toBe(true)
    rmSync(join(project, 'jobs/old.ts'))
    await start('start')
    expect(existsSync(join(project, 'dist/jobs/old.js'))).toBe(false)
    expect(existsSync(join(project, 'dist/jobs/main.js'))).toBe(true)
  })

  it('takes over the lock of a process that is gone', async () => {
    const gone = spawn(process.execPath, ['-e', '0'])
    await once(gone, 'close')
    write('dist/.lock/owner', `${hostname()} ${gone.pid}`)
    expect(await start('start')).toMatchObject({ exitCode: 0 })
    expect(builds()).toBe(1)
  })
})

describe('installing', () => {
  it('takes packages that agree with the lock file as they are', async () => {
    const result = await start('start')
    expect(result.stderr).not.toContain('installing')
    expect(existsSync(join(project, 'node_modules/.millrace-stamp'))).toBe(true)
  })

  it('installs where a version differs, and says so when that fails', async () => {
    write('package-lock.json', { packages: { 'node_modules/leaf': { version: '1.2.4' } } })
    write('npm-cli.js', 'console.log("no such package"); process.exitCode = 7')
    const result = await start('start')
    expect(result).toMatchObject({ exitCode: 1, stdout: '' })
    expect(result.stderr).toContain('no such package\nINSTALL_FAILED: ')
    expect(result.stderr).toContain('found exit code 7')
    expect(existsSync(join(project, 'node_modules/.millrace-stamp'))).toBe(false)
  })

  it('installs once after the lock file changed', async () => {
    await start('start')
    write('package-lock.json', { packages: { 'node_modules/leaf': { version: '1.2.4' } } })
    write('npm-cli.js', 'console.log(process.argv.slice(2).join(" "))')
    expect((await start('start')).stderr).toContain('installing packages (npm ci)\n')
    expect((await start('start')).stderr).not.toContain('installing')
  })
})

describe('the child', () => {
  it('gets the arguments as they are, and its exit code is passed on', async () => {
    write('jobs/main.ts', 'console.log(process.argv.slice(2).join("|")); process.exitCode = 3')
    const result = await start('millrace', 'run', '--in', 'a b=$HOME')
    expect(result).toMatchObject({ exitCode: 3, stdout: 'run|--in|a b=$HOME\n' })
  })

  it.each(['SIGTERM', 'SIGINT'] as const)('is told of %s and outlived', async (signal) => {
    write(
      'jobs/main.ts',
      `setInterval(() => {}, 1000)
      const end = () => { console.log('ended'); process.exit(5) }
      process.on('${signal}', () => setTimeout(end, 100))
      console.log('ready')`,
    )
    const child = launch('start')
    const result = collect(child)
    await once(child.stdout ?? child, 'data')
    child.kill(signal)
    expect(await result).toMatchObject({ exitCode: 5, stdout: 'ready\nended\n' })
  })

  it('gives the exit code of the signal that killed it', async () => {
    write('jobs/main.ts', `process.kill(process.pid, 'SIGKILL')`)
    expect(await start('start')).toMatchObject({ exitCode: 137 })
  })
})

describe('the checks', () => {
  it('end with the counts of the test runner, skipped and broken files included', async () => {
    writeTestRunner({ numPassedTests: 4, numFailedTests: 0, numPendingTests: 2, numTodoTests: 1 })
    const result = await start('test', 'test/some.test.ts')
    expect(result).toMatchObject({ exitCode: 0, stdout: '4 passed, 0 failed, 3 skipped\n' })
    expect(result.stderr).toContain('arguments: test/some.test.ts\n')

    const broken = [{ status: 'failed', assertionResults: [] }]
    writeTestRunner({ numPassedTests: 4, numFailedTests: 0, testResults: broken })
    expect(await start('test')).toMatchObject({
      exitCode: 1,
      stdout: '4 passed, 1 failed, 0 skipped\n',
    })
  })

  it('fail when no test ran', async () => {
    writeTestRunner({ numPassedTests: 0, numFailedTests: 0, numPendingTests: 2 })
    const result = await start('test')
    expect(result).toMatchObject({ exitCode: 1, stdout: '0 passed, 0 failed, 2 skipped\n' })
    expect(result.stderr).toContain('NO_TESTS: ')
  })

  it('end at the first failure', async () => {
    write('package.json', {
      type: 'module',
      engines: { node: '>=20.19' },
      scripts: { build: 'node compiler.mjs', typecheck: 'node -e "process.exit(1)"' },
    })
    const result = await start('test')
    expect(result).toMatchObject({ exitCode: 1, stdout: '' })
    expect(result.stderr).toContain('CHECK_FAILED: ')
    expect(result.stderr).not.toContain('check 3')
  })
})

describe('usage', () => {
  it('names the commands', async () => {
    const result = await start('stat')
    expect(result).toMatchObject({ exitCode: 2, stdout: '' })
    expect(result.stderr).toBe(
      'USAGE: expected one of start, millrace, test, found "stat"; try `npm start`\n',
    )
  })

  it('says which Node is expected', async () => {
    write('package.json', { type: 'module', engines: { node: '>=99.1' } })
    const result = await start('start')
    expect(result.exitCode).toBe(2)
    expect(result.stderr).toBe(
      `NODE_TOO_OLD: expected Node >=99.1, found ${process.versions.node}; ` +
        'install a newer Node and start again\n',
    )
  })
})

function write(path: string, content: string | object) {
  const file = join(project, path)
  mkdirSync(dirname(file), { recursive: true })
  writeFileSync(file, typeof content === 'string' ? content : JSON.stringify(content))
}

/** A test runner that reports the given counts. */
function writeTestRunner(counts: object) {
  const report = { numPendingTests: 0, numTodoTests: 0, testResults: [], ...counts }
  write(
    'node_modules/vitest/vitest.mjs',
    `import { writeFileSync } from 'node:fs'
    const option = '--outputFile.json='
    const file = process.argv.find((argument) => argument.startsWith(option)).slice(option.length)
    writeFileSync(file, ${JSON.stringify(JSON.stringify(report))})
    console.error('arguments: ' + process.argv.slice(7).join(' '))`,
  )
}

function builds(): number {
  return readFileSync(join(project, 'builds'), 'utf8').split('\n').length - 1
}

function launch(...args: string[]): ChildProcess {
  return spawn(process.execPath, ['jobs/bootstrap.mjs', ...args], {
    cwd: project,
    env: { ...process.env, npm_execpath: join(project, 'npm-cli.js') },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
}

async function collect(child: ChildProcess) {
  const output = { stdout: '', stderr: '' }
  child.stdout?.on('data', (chunk) => {
    output.stdout += chunk
  })
  child.stderr?.on('data', (chunk) => {
    output.stderr += chunk
  })
  const [exitCode] = await once(child, 'close')
  return { exitCode, ...output }
}

/** Resolves when the child has written `text` to stderr. */
function says(child: ChildProcess, text: string): Promise<void> {
  let seen = ''
  return new Promise((resolve) => {
    child.stderr?.on('data', (chunk) => {
      seen += chunk
      if (seen.includes(text)) resolve()
    })
  })
}

function start(...args: string[]) {
  return collect(launch(...args))
}
