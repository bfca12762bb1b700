// What all reading commands share: groups of subcommands whose faults of usage are thrown, not exited
// on, and the options that they have in common.

import { resolve } from 'node:path'
import { Command, InvalidArgumentError, Option } from 'commander'
import type { CliIo } from './cli-io.ts'

/** The options that every command of a group has. */
export interface DataFlags {
  /** Absolute. */
  readonly data: string
  readonly json?: boolean
}

/** A command of its own. */
export function leaf(name: string, description: string, examples: string): Command {
  return new Command(name)
    .description(description)
    .addOption(
      new Option('--data <dir>', 'folder that keeps everything a run owns')
        .default(resolve('.millrace'), './.millrace')
        .argParser((text: string) => resolve(text)),
    )
    .option('--json', 'one JSON object per row on stdout')
    .addHelpText('after', `\nExamples:\n${examples.trimEnd()}\n`)
}

/** `name` with subcommands. */
export function group(
  name: string,
  description: string,
  io: CliIo,
  commands: readonly Command[],
): Command {
  const parent = strict(new Command(name).description(description), io)
  for (const command of commands) parent.addCommand(strict(command, io))
  return parent
}

/** Throws CommanderError for faults of usage, after they are shown with the help. */
export function strict(command: Command, io: CliIo): Command {
  return command
    .exitOverride()
    .showHelpAfterError('(add --help for the options)')
    .configureOutput({
      writeOut: (text) => io.out(text),
      writeErr: (text) => io.note(text.trimEnd()),
    })
}

/** Parses whole numbers of at least `least`. */
export function whole(least: number): (text: string) => number {
  return (text) => {
    const value = Number(text)
    if (/^-?\d+$/.test(text) && Number.isSafeInteger(value) && value >= least) return value
    throw new InvalidArgumentError(`Expected a whole number ≥ ${least}.`)
  }
}
