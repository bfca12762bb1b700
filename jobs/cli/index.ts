// The commands of the CLI. The code of a command is loaded when it is the one that was asked for.
import type { Command } from 'commander'
import { type CliIo, processIo } from './cli-io.ts'
import { strict } from './command-group.ts'

export type { CliIo } from './cli-io.ts'

const LOADERS = new Map<string, (io: CliIo) => Promise<Command>>([
  ['start', async () => (await import('../start/start-command.ts')).startCommand()],
  ['run', async () => (await import('./run-command.ts')).runCommand()],
  ['explain', async (io) => (await import('./explain-command.ts')).explainCommand(io)],
  ['log', async (io) => (await import('./log-command.ts')).logCommand(io)],
  ['lake', async (io) => (await import('./lake-command.ts')).lakeCommand(io)],
  ['online', async (io) => (await import('./online-command.ts')).onlineCommand(io)],
  ['savepoint', async (io) => (await import('./savepoint-command.ts')).savepointCommand(io)],
  [
    'dead-letters',
    async (io) => (await import('./dead-letters-command.ts')).deadLettersCommand(io),
  ],
])

/**
 * The command of that name; all of them when there is none of that name, as help needs them. Their
 * errors are thrown.
 */
export function cliCommands(name: string | undefined, io: CliIo = processIo()): Promise<Command[]> {
  const loader = LOADERS.get(name ?? '')
  const loaders = loader === undefined ? [...LOADERS.values()] : [loader]
  return Promise.all(loaders.map(async (load) => strict(await load(io), io)))
}
