// `millrace start`: the first thing that a new user runs. Without options it replays the shipped
// events through the fraud job to their end; with --live a simulation feeds it until stopped.
import { join, resolve } from 'node:path'
import { Command } from 'commander'
import { ConfigError } from '../../engine/errors.ts'
import { portNumber, wholeNumber } from '../cli/run-command.ts'
import { live } from './live.ts'
import { DATA_DEFAULT } from './places.ts'
import { replay } from './replay.ts'

interface StartFlags {
  readonly data: string
  readonly live?: boolean
  readonly rate?: string
  readonly seed?: string
  readonly http?: string
}

/** Events a second, on the average of a day; at dinner there are three times as many. */
const RATE = { usual: '50', max: 5000 } as const
const SEED = '20240607'
const PORT = '8080'

const EXAMPLES = `
Examples:
  $ npm start
      appends the shipped events to the log, runs the fraud job to their end, shows what came out
  $ npm start -- --live --rate 200
      simulates BiteBridge until SIGTERM or Ctrl-C; features on http://127.0.0.1:${PORT}
`

export function startCommand(): Command {
  return new Command('start')
    .description('run the example: BiteBridge and its fraud features')
    .option('--data <dir>', 'folder that keeps everything', DATA_DEFAULT)
    .option('--live', 'feed the job with a simulation, in the folder live of --data, until stopped')
    .option('--rate <n>', `live: events a second on the average of a day (default ${RATE.usual})`)
    .option('--seed <n>', `live: seed of the simulation (default ${SEED})`)
    .option('--http <port>', `live: port of the HTTP API on 127.0.0.1 (default ${PORT})`)
    .addHelpText('after', EXAMPLES)
    .action(async (flags: StartFlags) => {
      process.exitCode = flags.live === true ? await startLive(flags) : await startReplay(flags)
    })
}

function startReplay(flags: StartFlags): Promise<number> {
  for (const option of ['rate', 'seed', 'http'] as const) {
    if (flags[option] !== undefined) throw onlyLive(`--${option}`)
  }
  return replay(resolve(flags.data))
}

function startLive(flags: StartFlags): Promise<number> {
  const eventsPerSecond = wholeNumber('--rate', flags.rate ?? RATE.usual, 1, RATE.max)
  const port = portNumber(flags.http ?? PORT)
  const seed = wholeNumber('--seed', flags.seed ?? SEED, 0)
  return live({ data: join(resolve(flags.data), 'live'), eventsPerSecond, seed, port })
}

function onlyLive(option: string): ConfigError {
  return new ConfigError({
    code: 'OPTION_INVALID',
    message: `${option} belongs to --live`,
    expected: `--live ${option} …`,
    found: `${option} alone`,
    remedy: 'Add --live, or leave it away. See: npm start -- --help.',
  })
}
