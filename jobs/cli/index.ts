// The reading commands of the CLI.
import type { Command } from 'commander'
import { type CliIo, processIo } from './cli-io.ts'
import { deadLettersCommand } from './dead-letters-command.ts'
import { explainCommand } from './explain-command.ts'
import { lakeCommand } from './lake-command.ts'
import { logCommand } from './log-command.ts'
import { onlineCommand } from './online-command.ts'
import { savepointCommand } from './savepoint-command.ts'

export type { CliIo } from './cli-io.ts'

/** Commands that look at a data folder or a job without running it. Their errors are thrown. */
export function cliCommands(io: CliIo = processIo()): Command[] {
  return [
    explainCommand(io),
    logCommand(io),
    lakeCommand(io),
    onlineCommand(io),
    savepointCommand(io),
    deadLettersCommand(io),
  ]
}
