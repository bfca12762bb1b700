#!/usr/bin/env node
// The CLI: `millrace`. Data on stdout, progress and logs on stderr, exit code 2 for usage.
import { readFileSync } from 'node:fs'
import { Command, CommanderError } from 'commander'
import { ExitCode, exitWith } from './cli/failure.ts'
import { cliCommands } from './cli/index.ts'
import { packageFile } from './run/package-file.ts'

const EXAMPLES = `
Begin here:
  $ millrace start                             the example: events, features, where they are
  $ millrace run my-job.ts --bounded --in orders=events.jsonl --out features=features.jsonl
  $ millrace explain my-job.ts                 what a job will do
  $ millrace online get user_fraud_5m u17      what a model would read now
`

const { version }: { readonly version: string } = JSON.parse(
  readFileSync(packageFile('package.json'), 'utf8'),
)
const program = new Command('millrace')
  .description('A streaming-first event-processing engine.')
  .version(version)
  .showHelpAfterError('(add --help for the options)')
  .addHelpText('after', EXAMPLES)
  .exitOverride()

for (const command of await cliCommands(process.argv[2])) {
  program.addCommand(command)
}

try {
  await program.parseAsync(process.argv)
} catch (error) {
  if (error instanceof CommanderError) {
    process.exit(error.exitCode === 0 ? ExitCode.ok : ExitCode.usage)
  }
  exitWith(error)
}
