// How the options of `run` are read, and how it says what is wrong with them.
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { SLOTS_MAX } from '../../../engine/limits.ts'
import { exitCodeOf, failureLine } from '../../../jobs/cli/failure.ts'
import { portNumber, runOptions } from '../../../jobs/cli/run-command.ts'
import { makeDataFolder } from '../../../jobs/run/data-folder.ts'
import { command } from '../../support/command-line.ts'
import { temporaryFolder } from '../../support/connectors.ts'

const flags = { slots: '1', data: 'data', in: [], out: [], from: 'earliest', epoch: '1000' }

/** What is thrown, as a person reads it, with the exit code. */
async function told(work: () => unknown): Promise<{ line: string; code: number }> {
  try {
    await work()
  } catch (error) {
    return { line: failureLine(error), code: exitCodeOf(error) }
  }
  throw new Error('nothing was thrown')
}

describe('options of a run', () => {
  test('bind several files to an input, one a partition, and one to an output', () => {
    const given = { ...flags, in: ['a=1.jsonl', 'a=/2.jsonl'], out: ['b=-', 'c=/dev/null'] }
    const { inputs, outputs } = runOptions('job.ts', given)
    expect(inputs).toEqual({ a: [join(process.cwd(), '1.jsonl'), '/2.jsonl'] })
    expect(outputs).toEqual({ b: '-', c: '/dev/null' })
  })

  test.each([
    [{ out: ['b=1.jsonl', 'b=2.jsonl'] }, /--out .*each topic once; found "b=.*2\.jsonl"/],
    [{ out: ['b='] }, /--out .*topic=file; found "b="/],
    [{ slots: `${SLOTS_MAX + 1}` }, /--slots .*≤ 256; found "257"/],
    [{ slots: '1e2' }, /--slots .*found "1e2"/],
    [{ slots: '0x2' }, /--slots .*found "0x2"/],
    [{ slots: '' }, /--slots .*≥ 1/],
    [{ epoch: '-1' }, /--epoch .*≥ 1; found "-1"/],
  ])('%j is a fault of usage', async (wrong, words) => {
    const { line, code } = await told(() => runOptions('job.ts', { ...flags, ...wrong }))
    expect(line).toMatch(/^OPTION_INVALID: /)
    expect(line).toMatch(words)
    expect(code).toBe(2)
  })

  test('a port is one that there can be', async () => {
    expect(portNumber('65535')).toBe(65_535)
    expect((await told(() => portNumber('65536'))).line).toContain('≤ 65535; found "65536"')
  })
})

test('a data folder that can not be one is named, with what to do', async () => {
  const file = join(temporaryFolder(), 'file')
  writeFileSync(file, '')
  for (const data of [file, join(file, 'below')]) {
    const { line, code } = await told(() => makeDataFolder(data))
    expect(line).toMatch(/^DATA_UNWRITABLE: .*file.*found E\w+\. Name another --data folder/)
    expect(code).toBe(1)
  }
})

test('a fault of the system is told with its code once', () => {
  const full = Object.assign(new Error('EACCES: permission denied, open x'), { code: 'EACCES' })
  expect(failureLine(full)).toBe('EACCES: permission denied, open x')
  expect(failureLine(new Error('unknown'))).toBe('UNEXPECTED: unknown')
})

test('a job file that is no TypeScript is told in one line with the place', async () => {
  const folder = temporaryFolder()
  writeFileSync(join(folder, 'broken.ts'), "export default job('x',\n")
  const { exit, stdout, stderr } = await command(folder, ['run', 'broken.ts', '--bounded'])
  expect({ exit, stdout }).toEqual({ exit: 2, stdout: '' })
  expect(stderr).toMatch(/^JOB_FILE_FAILS: [^\n]*broken\.ts:2:0: ERROR: [^\n]*\n$/)
})
