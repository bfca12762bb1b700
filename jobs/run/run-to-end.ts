// Runs a job for a person: progress on stderr while it runs, a summary on stdout when it is over. Rows
// that go to stdout have it for themselves: the summary then goes to stderr.
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { systemClock } from '../../engine/clock.ts'
import { ExitCode, exitCodeOf, failureLine } from '../cli/failure.ts'
import { lakeFolder } from './data-folder.ts'
import { Progress } from './progress.ts'
import { restoreLines } from './restore-run.ts'
import { type PreparedRun, prepareRun } from './run-job.ts'
import { openSinks, type RunOptions } from './run-options.ts'
import { type RunSummary, summaryOf, summaryText } from './run-summary.ts'
import { onStopSignals } from './stop-signals.ts'

export interface RunDisplay {
  /** The summary as one JSON object. */
  readonly json: boolean
  /** Port of the HTTP API, or none. */
  readonly http: number | undefined
  /** Told once when the run is prepared and served; `note` writes a line beside the progress. */
  readonly onStart?: (
    run: PreparedRun,
    url: string | undefined,
    note: (text: string) => void,
  ) => void
  /** Told when the run is over, before the summary is printed. */
  readonly onSummary?: (summary: RunSummary, run: PreparedRun) => void
}

/** Faults of the store, of which LMDB tells too. */
const OF_LMDB = /^(DISK_FULL|STORAGE)/

/** The exit code: 0 when the run ended or was stopped as asked. Prints why when not. */
export async function runToEnd(options: RunOptions, display: RunDisplay): Promise<number> {
  const run = await prepareRun(options)
  const progress = new Progress(run, systemClock, process.stderr)
  const signals = onStopSignals(systemClock, (signal) => {
    progress.note(`${signal}: committing a last epoch; a second signal ends at once`)
    run.supervisor.stop()
  })
  const server = display.http === undefined ? undefined : await serve(run, display.http)
  if (server !== undefined) progress.note(`serving ${server.url}`)
  if (run.restored !== undefined) for (const line of restoreLines(run.restored)) progress.note(line)
  for (const table of keptTables(run)) {
    progress.note(`lake table ${table} keeps its rows of the earlier run; this run adds its own`)
  }
  const streamed = streamedTopics(options)
  for (const topic of streamed) {
    progress.note(`${topic} goes to standard output: at-least-once, it can not be cut back`)
  }
  try {
    display.onStart?.(run, server?.url, (text) => progress.note(text))
    const state = await run.supervisor.run()
    progress.end()
    const summary = summaryOf(run, state, systemClock)
    if (state === 'failed') {
      const { error } = run.supervisor
      // LMDB tells of a full disk on stderr itself, and does not end its line.
      const lead = OF_LMDB.test(error?.code ?? '') ? '\n' : ''
      const where = error?.name === 'UserCodeError' ? ` Job: ${summary.job}.` : ''
      process.stderr.write(`${lead}${error?.message ?? 'the job failed'}${where}\n`)
      return exitCodeOf(error)
    }
    display.onSummary?.(summary, run)
    const text = display.json ? `${JSON.stringify(summary)}\n` : summaryText(summary)
    const out = streamed.length === 0 ? process.stdout : process.stderr
    out.write(text)
    return ExitCode.ok
  } catch (error) {
    progress.end()
    process.stderr.write(`${failureLine(error)}\n`)
    return exitCodeOf(error)
  } finally {
    signals()
    await server?.close()
    await run.store.reader().close()
  }
}

/** Lake tables that are there already: a run that begins anew takes nothing out of them. */
function keptTables({ options, logical }: PreparedRun): string[] {
  if (!options.fresh) return []
  return logical.sinks
    .filter(openSinks(options))
    .filter(({ description }) => description.kind === 'lake')
    .map(({ description }) => description.name)
    .filter((name) => existsSync(join(lakeFolder(options.data), name, '_delta_log')))
}

/** Topics whose rows go to standard output, which then is theirs alone. */
function streamedTopics({ outputs }: RunOptions): string[] {
  return Object.keys(outputs).filter((topic) => outputs[topic] === '-')
}

/** Loads the HTTP server only for runs that serve. */
async function serve(run: PreparedRun, port: number) {
  const { serveRun } = await import('./serve-run.ts')
  return serveRun(run, port)
}
