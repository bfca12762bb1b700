// What `npm test` checks, in this order, ending at the first failure: build, types, lint and
// format, tests. The last line on stdout is `N passed, N failed, N skipped`, counted by the test
// runner.
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { runScript, runStep } from './child.mjs'
import { prepare } from './prepare.mjs'
import { inRoot, readText, say } from './project.mjs'
import { Stop } from './stop.mjs'

/** `args` go to the test runner: files to run, `-t` and a name, … */
export async function runChecks(args) {
  say('check 1 of 4: build')
  await prepare()
  say('check 2 of 4: types')
  await runCheck('typecheck')
  say('check 3 of 4: lint and format')
  await runCheck('lint')
  say('check 4 of 4: tests')
  return runTests(args)
}

async function runCheck(script) {
  const { exitCode } = await runScript(script)
  if (exitCode === 0) return
  throw new Stop(
    'CHECK_FAILED',
    `expected \`npm run ${script}\` to succeed, found exit code ${exitCode}; see its output above`,
  )
}

async function runTests(args) {
  const folder = mkdtempSync(join(tmpdir(), 'millrace-test-'))
  try {
    const report = join(folder, 'report.json')
    const { exitCode } = await runStep(process.execPath, [
      inRoot('node_modules', 'vitest', 'vitest.mjs'),
      'run',
      '--config=test/vitest.config.ts',
      '--reporter=default',
      '--reporter=json',
      `--outputFile.json=${report}`,
      ...args,
    ])
    return conclude(countResults(readText(report)), exitCode)
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

/** A file that failed outside of its tests (an import, a hook) counts as one failure. */
function countResults(reportText) {
  if (reportText === undefined) return { passed: 0, failed: 0, skipped: 0 }
  const report = JSON.parse(reportText)
  const brokenFiles = report.testResults.filter(
    (file) =>
      file.status === 'failed' && !file.assertionResults.some((test) => test.status === 'failed'),
  )
  return {
    passed: report.numPassedTests,
    failed: report.numFailedTests + brokenFiles.length,
    skipped: report.numPendingTests + report.numTodoTests,
  }
}

function conclude({ passed, failed, skipped }, exitCode) {
  process.stdout.write(`${passed} passed, ${failed} failed, ${skipped} skipped\n`)
  if (passed + failed === 0) {
    throw new Stop('NO_TESTS', 'expected at least one test to run, found none; check the arguments')
  }
  return failed > 0 ? exitCode || 1 : exitCode
}
