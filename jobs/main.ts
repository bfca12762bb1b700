#!/usr/bin/env node
// The CLI: `millrace`. Data on stdout, progress and logs on stderr, exit code 2 for usage.
import { Command, CommanderError } from 'commander'
import { ExitCode, exitWith } from './cli/failure.ts'
import { runCommand } from './cli/run-command.ts'
import { startCommand } from './start/start-command.ts'

const program = new Command('millrace')
  .description('A streaming-first event-processing engine.')
  .showHelpAfterError('(add --help for the options)')
  .exitOverride()

program.addCommand(startCommand())
program.addCommand(runCommand())
for (const command of program.commands) command.exitOverride().showHelpAfterError(true)

try {
  await program.parseAsync(process.argv)
} catch (error) {
  if (error instanceof CommanderError) {
    process.exit(error.exitCode === 0 ? ExitCode.ok : ExitCode.usage)
  }
  exitWith(error)
}
