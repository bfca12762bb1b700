// `millrace explain`: shows the plan of a job without running it.

import { existsSync } from 'node:fs'
import type { Command } from 'commander'
import { ConfigError } from '../../engine/errors.ts'
import { explainMermaid, explainText, planJob } from '../../engine/graph/index.ts'
import { loadJob } from '../run/job-file.ts'
import type { CliIo } from './cli-io.ts'
import { leaf, strict, whole } from './command-group.ts'
import { StoredData } from './stored-data.ts'

interface ExplainFlags {
  readonly data: string
  readonly slots: number
  readonly partitions: Readonly<Record<string, number>>
  readonly mermaid?: boolean
  readonly json?: boolean
}

export function explainCommand(io: CliIo): Command {
  const command = leaf(
    'explain',
    'show the stages, operators and sinks of a job',
    `  $ millrace explain jobs/bitebridge/fraud.ts
  $ millrace explain jobs/bitebridge/fraud.ts --partitions orders=8 --slots 3
      as it would run on a topic of eight partitions
  $ millrace explain jobs/bitebridge/fraud.ts --mermaid > plan.mmd
      a flowchart for a document`,
  )
    .argument('<job>', 'file that exports a job (.ts or .js)')
    .option('--slots <n>', 'show which slot owns which tasks', whole(1), 1)
    .option(
      '--partitions <topic=n>',
      'partitions of a topic; default: as in the log of --data, else 1',
      addPartitions,
      {},
    )
    .option('--mermaid', 'a mermaid flowchart')
    .action(async (job: string, flags: ExplainFlags) => {
      const logical = (await loadJob(job)).build()
      const known = await knownPartitions(flags.data)
      const plan = planJob(logical, ({ name }) => flags.partitions[name] ?? known.get(name) ?? 1)
      const text = flags.mermaid === true ? explainMermaid(plan) : explainText(plan, flags)
      if (flags.json === true) io.out(`${JSON.stringify({ job: plan.job, plan: text })}\n`)
      else io.out(text)
    })
  return strict(command, io)
}

async function knownPartitions(data: string): Promise<ReadonlyMap<string, number>> {
  if (!existsSync(data)) return new Map()
  const stored = new StoredData(data)
  try {
    return new Map(
      stored.topics().map(({ definition }) => [definition.topic, definition.partitions]),
    )
  } finally {
    await stored.close()
  }
}

function addPartitions(
  text: string,
  before: Readonly<Record<string, number>>,
): Readonly<Record<string, number>> {
  const match = /^([^=]+)=(\d+)$/.exec(text)
  const count = Number(match?.[2])
  if (match?.[1] !== undefined && count >= 1) return { ...before, [match[1]]: count }
  throw new ConfigError({
    code: 'OPTION_INVALID',
    message: '--partitions can not be used',
    expected: 'topic=n with n ≥ 1',
    found: `"${text}"`,
    remedy: 'See: millrace explain --help.',
  })
}
