// `millrace run`: runs a job over topics and files, live or bounded, until its inputs end or it is
// told to stop. `millrace explain`: shows the plan.
import { resolve } from 'node:path'
import { Command, Option } from 'commander'
import { ConfigError } from '../../engine/errors.ts'
import { SLOTS_MAX } from '../../engine/limits.ts'
import type { RunOptions } from '../run/run-options.ts'
import { runToEnd } from '../run/run-to-end.ts'

interface RunFlags {
  readonly bounded?: boolean
  readonly slots: string
  readonly data: string
  readonly in: readonly string[]
  readonly out: readonly string[]
  readonly only?: string
  readonly fresh?: boolean
  readonly from: string
  readonly acceptReplayedOutput?: boolean
  readonly epoch: string
  readonly check?: boolean
  readonly batch?: string
  readonly http?: string
  readonly json?: boolean
}

const PORT_MAX = 65_535

const EXAMPLES = `
Examples:
  $ millrace run jobs/bitebridge/fraud.ts --bounded \\
      --in orders=events.jsonl --out fraud-features=features.jsonl
    reads a file to its end and writes one; the same again says that nothing is new
  $ millrace run jobs/bitebridge/fraud.ts --http 8080
    follows the topics of the data folder until SIGTERM; serves /features, /jobs and /metrics
  $ millrace run jobs/bitebridge/fraud.ts --bounded \\
      --in orders=events.jsonl --out fraud-features=/dev/null --only fraud-features
    only counts what it would write
`

export function runCommand(): Command {
  return new Command('run')
    .description('run a job until its inputs end (--bounded) or it is stopped')
    .argument('<job>', 'file that exports a job (.ts or .js)')
    .option('--bounded', 'end when the inputs are read to their ends')
    .option('--slots <n>', 'worker threads; each owns the tasks with number mod n', '1')
    .option('--data <dir>', 'folder that keeps everything the run owns', './.millrace')
    .option(
      '--in <topic=file>',
      'read a topic from a file ("-": stdin); again for more',
      collect,
      [],
    )
    .option(
      '--out <topic=file>',
      'write a topic to a file, .csv or JSON lines ("-", "/dev/null")',
      collect,
      [],
    )
    .option('--only <sinks>', 'open only these sinks, separated by commas')
    .option('--fresh', 'forget the state and begin anew; lake tables keep their rows')
    .option('--from <place>', 'begin at earliest, latest, or a savepoint by its name', 'earliest')
    .option('--accept-replayed-output', 'restore although lake tables would get rows again')
    .option('--epoch <ms>', 'milliseconds from one epoch to the next', '1000')
    .option('--http <port>', 'serve features, jobs and metrics on 127.0.0.1')
    .option('--json', 'print the summary as one JSON object')
    .addOption(new Option('--check', 'check the laws round every operator').hideHelp())
    .addOption(new Option('--batch <records>', 'records in one batch at most').hideHelp())
    .addHelpText('after', EXAMPLES)
    .action(async (job: string, flags: RunFlags) => {
      const options = runOptions(job, flags)
      const http = flags.http === undefined ? undefined : portNumber(flags.http)
      process.exitCode = await runToEnd(options, { json: flags.json === true, http })
    })
}

/** @throws ConfigError OPTION_INVALID */
export function runOptions(job: string, flags: RunFlags): RunOptions {
  const inputs: Record<string, string[]> = {}
  for (const [topic, file] of flags.in.map((text) => binding('--in', text))) {
    inputs[topic] = [...(inputs[topic] ?? []), file]
  }
  return {
    jobFile: resolve(job),
    data: resolve(flags.data),
    mode: flags.bounded === true ? 'bounded' : 'live',
    slots: wholeNumber('--slots', flags.slots, 1, SLOTS_MAX),
    inputs,
    outputs: oncePerTopic(flags.out.map((text) => binding('--out', text))),
    only: flags.only?.split(',').map((name) => name.trim()),
    fresh: flags.fresh === true,
    from: flags.from,
    acceptReplayedOutput: flags.acceptReplayedOutput === true,
    epochMs: wholeNumber('--epoch', flags.epoch, 1),
    check: flags.check === true,
    ...(flags.batch === undefined ? {} : { batchRecords: wholeNumber('--batch', flags.batch, 1) }),
  }
}

function collect(value: string, before: readonly string[]): readonly string[] {
  return [...before, value]
}

function binding(option: string, text: string): [topic: string, file: string] {
  const at = text.indexOf('=')
  const file = text.slice(at + 1)
  if (at < 1 || file === '') throw invalid(option, 'topic=file', text)
  const isSpecial = file === '-' || file.startsWith('/dev/')
  return [text.slice(0, at), isSpecial ? file : resolve(file)]
}

/** A topic goes to one file. */
function oncePerTopic(bindings: readonly (readonly [string, string])[]): Record<string, string> {
  const files: Record<string, string> = {}
  for (const [topic, file] of bindings) {
    if (Object.hasOwn(files, topic)) throw invalid('--out', 'each topic once', `${topic}=${file}`)
    files[topic] = file
  }
  return files
}

/** A port of `--http`; 0 stands for any free one. @throws ConfigError OPTION_INVALID */
export function portNumber(text: string): number {
  return wholeNumber('--http', text, 0, PORT_MAX)
}

/** @throws ConfigError OPTION_INVALID */
export function wholeNumber(
  option: string,
  text: string,
  least: number,
  most = Number.MAX_SAFE_INTEGER,
): number {
  const value = Number(text)
  if (/^\d+$/.test(text) && value >= least && value <= most) return value
  const upTo = most === Number.MAX_SAFE_INTEGER ? '' : ` and ≤ ${most}`
  throw invalid(option, `a whole number ≥ ${least}${upTo}`, text)
}

function invalid(option: string, expected: string, found: string): ConfigError {
  return new ConfigError({
    code: 'OPTION_INVALID',
    message: `${option} can not be used`,
    expected,
    found: `"${found}"`,
    remedy: 'See: millrace run --help.',
  })
}
