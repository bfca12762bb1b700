// The start of a fresh clone: what is built and installed when, what two starts at once do, how a
// child is ended, and what the checks count.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { hostname } from 'node:os'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { collect, SmallProject, says } from '../support/small-project.ts'

let project: SmallProject

beforeEach(() => {
  project = new SmallProject()
})

afterEach(() => project.delete())

describe('building', () => {
  it('builds once, and again only after a source changed', async () => {
    expect(await project.start('start')).toMatchObject({ exitCode: 0, stdout: '["start"]\n' })
    await project.start('start')
    expect(project.builds()).toBe(1)
    project.write('jobs/main.ts', 'console.log("changed")')
    expect(await project.start('start')).toMatchObject({ stdout: 'changed\n' })
    expect(project.builds()).toBe(2)
  })

  it('builds once for two starts at the same time', async () => {
    project.write('wait', '')
    const children = [project.launch('millrace', 'a'), project.launch('millrace', 'b')]
    const results = Promise.all(children.map(collect))
    await Promise.race(children.map((child) => says(child, 'waiting for another start')))
    project.remove('wait')
    expect((await results).map(({ stdout }) => stdout)).toEqual(['["a"]\n', '["b"]\n'])
    expect(project.builds()).toBe(1)
    expect(project.has('dist/.lock')).toBe(false)
  })

  it('starts nothing after a failed build, and builds again the next time', async () => {
    await project.start('start')
    project.write('jobs/main.ts', 'mistake')
    for (const attempt of [2, 3]) {
      const result = await project.start('start')
      expect(result).toMatchObject({ exitCode: 1, stdout: '' })
      expect(result.stderr).toContain('BUILD_FAILED: ')
      expect(result.stderr).toContain('does not compile')
      expect(project.builds()).toBe(attempt)
    }
  })

  it('deletes the output of deleted sources', async () => {
    project.write('jobs/old.ts', '')
    await project.start('start')
    expect(project.has('dist/jobs/old.js')).toBe(true)
    project.remove('jobs/old.ts')
    await project.start('start')
    expect(project.has('dist/jobs/old.js')).toBe(false)
    expect(project.has('dist/jobs/main.js')).toBe(true)
  })

  it('takes over the lock of a process that is gone', async () => {
    const gone = spawn(process.execPath, ['-e', '0'])
    await once(gone, 'close')
    project.write('dist/.lock/owner', `${hostname()} ${gone.pid}`)
    expect(await project.start('start')).toMatchObject({ exitCode: 0 })
    expect(project.builds()).toBe(1)
  })
})

describe('installing', () => {
  it('takes packages that agree with the lock file as they are', async () => {
    const result = await project.start('start')
    expect(result.stderr).not.toContain('installing')
    expect(project.has('node_modules/.millrace-stamp')).toBe(true)
  })

  it('installs where a version differs, and says so when that fails', async () => {
    project.write('package-lock.json', { packages: { 'node_modules/leaf': { version: '1.2.4' } } })
    project.write('npm-cli.js', 'console.log("no such package"); process.exitCode = 7')
    const result = await project.start('start')
    expect(result).toMatchObject({ exitCode: 1, stdout: '' })
    expect(result.stderr).toContain('no such package\nINSTALL_FAILED: ')
    expect(result.stderr).toContain('found exit code 7')
    expect(project.has('node_modules/.millrace-stamp')).toBe(false)
  })

  it('installs once after the lock file changed', async () => {
    await project.start('start')
    project.write('package-lock.json', { packages: { 'node_modules/leaf': { version: '1.2.4' } } })
    project.write('npm-cli.js', 'console.log(process.argv.slice(2).join(" "))')
    expect((await project.start('start')).stderr).toContain('installing packages (npm ci)\n')
    expect((await project.start('start')).stderr).not.toContain('installing')
  })
})

describe('installing from an incomplete lock file', () => {
  const locked = { 'node_modules/leaf': { version: '1.2.4' } }

  /** Refuses a clean install as npm does, and installs the given packages otherwise. */
  function writeNpm(packages: object) {
    project.write(
      'npm-cli.js',
      `import { writeFileSync } from 'node:fs'
      const isClean = process.argv[2] === 'ci'
      if (isClean) console.log('npm error code EUSAGE')
      else writeFileSync('node_modules/.package-lock.json', '${JSON.stringify({ packages })}')
      process.exitCode = isClean ? 1 : 0`,
    )
  }

  it('takes its versions all the same', async () => {
    project.write('package-lock.json', { packages: locked })
    writeNpm(locked)
    expect(await project.start('start')).toMatchObject({ exitCode: 0, stdout: '["start"]\n' })
  })

  it('fails when that would install anything else', async () => {
    project.write('package-lock.json', { packages: locked })
    writeNpm({ ...locked, 'node_modules/stranger': { version: '1.0.0' } })
    const result = await project.start('start')
    expect(result).toMatchObject({ exitCode: 1, stdout: '' })
    expect(result.stderr).toContain('EUSAGE\nINSTALL_FAILED: expected npm ci to succeed')
  })
})

describe('the child', () => {
  it('gets the arguments as they are, and its exit code is passed on', async () => {
    project.write(
      'jobs/main.ts',
      'console.log(process.argv.slice(2).join("|")); process.exitCode = 3',
    )
    const result = await project.start('millrace', 'run', '--in', 'a b=$HOME')
    expect(result).toMatchObject({ exitCode: 3, stdout: 'run|--in|a b=$HOME\n' })
  })

  it.each(['SIGTERM', 'SIGINT'] as const)('is told of %s and outlived', async (signal) => {
    project.write(
      'jobs/main.ts',
      `setInterval(() => {}, 1000)
      const end = () => { console.log('ended'); process.exit(5) }
      process.on('${signal}', () => setTimeout(end, 100))
      console.log('ready')`,
    )
    const child = project.launch('start')
    const result = collect(child)
    await once(child.stdout ?? child, 'data')
    child.kill(signal)
    expect(await result).toMatchObject({ exitCode: 5, stdout: 'ready\nended\n' })
  })

  it('gives the exit code of the signal that killed it', async () => {
    project.write('jobs/main.ts', `process.kill(process.pid, 'SIGKILL')`)
    expect(await project.start('start')).toMatchObject({ exitCode: 137 })
  })
})

describe('the checks', () => {
  it('end with the counts of the test runner, skipped and broken files included', async () => {
    writeTestRunner({ numPassedTests: 4, numFailedTests: 0, numPendingTests: 2, numTodoTests: 1 })
    const result = await project.start('test', 'test/some.test.ts')
    expect(result).toMatchObject({ exitCode: 0, stdout: '4 passed, 0 failed, 3 skipped\n' })
    expect(result.stderr).toContain('arguments: test/some.test.ts\n')

    const broken = [{ status: 'failed', assertionResults: [] }]
    writeTestRunner({ numPassedTests: 4, numFailedTests: 0, testResults: broken })
    expect(await project.start('test')).toMatchObject({
      exitCode: 1,
      stdout: '4 passed, 1 failed, 0 skipped\n',
    })
  })

  it('fail when no test ran', async () => {
    writeTestRunner({ numPassedTests: 0, numFailedTests: 0, numPendingTests: 2 })
    const result = await project.start('test')
    expect(result).toMatchObject({ exitCode: 1, stdout: '0 passed, 0 failed, 2 skipped\n' })
    expect(result.stderr).toContain('NO_TESTS: ')
  })

  it('end at the first failure', async () => {
    project.write('package.json', {
      type: 'module',
      engines: { node: '>=20.19' },
      scripts: { build: 'node compiler.mjs', typecheck: 'node -e "process.exit(1)"' },
    })
    const result = await project.start('test')
    expect(result).toMatchObject({ exitCode: 1, stdout: '' })
    expect(result.stderr).toContain('CHECK_FAILED: ')
    expect(result.stderr).not.toContain('check 3')
  })
})

describe('usage', () => {
  it('names the commands', async () => {
    const result = await project.start('stat')
    expect(result).toMatchObject({ exitCode: 2, stdout: '' })
    expect(result.stderr).toBe(
      'USAGE: expected one of start, millrace, test, found "stat"; try `npm start`\n',
    )
  })

  it('says which Node is expected', async () => {
    project.write('package.json', { type: 'module', engines: { node: '>=99.1' } })
    const result = await project.start('start')
    expect(result.exitCode).toBe(2)
    expect(result.stderr).toBe(
      `NODE_TOO_OLD: expected Node >=99.1, found ${process.versions.node}; ` +
        'install a newer Node and start again\n',
    )
  })
})

/** A test runner that reports the given counts. */
function writeTestRunner(counts: object) {
  const report = { numPendingTests: 0, numTodoTests: 0, testResults: [], ...counts }
  project.write(
    'node_modules/vitest/vitest.mjs',
    `import { writeFileSync } from 'node:fs'
    const option = '--outputFile.json='
    const file = process.argv.find((argument) => argument.startsWith(option)).slice(option.length)
    writeFileSync(file, ${JSON.stringify(JSON.stringify(report))})
    console.error('arguments: ' + process.argv.slice(7).join(' '))`,
  )
}
