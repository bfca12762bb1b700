// `millrace log schema`: the schema versions of a topic, as the jobs that opened it declared them.
import type { Command } from 'commander'
import { readTopicSchemas } from '../../connectors/log/index.ts'
import { ConfigError } from '../../engine/errors.ts'
import { timeText } from '../../engine/json/index.ts'
import { schemaText } from '../../engine/schema/index.ts'
import type { CliIo } from './cli-io.ts'
import { type DataFlags, leaf } from './command-group.ts'
import { printListing } from './listing.ts'

export function logSchemaCommand(io: CliIo): Command {
  return leaf(
    'schema',
    'list the schema versions of a topic',
    `  $ millrace log schema orders
      which columns jobs declared, since when, and under which compatibility mode
  $ millrace log schema fraud-features/orders
      the same of a topic that job fraud-features reads from files`,
  )
    .argument('<topic>')
    .action((topic: string, flags: DataFlags) => {
      const all = readTopicSchemas(flags.data)
      const versions = all.get(topic)
      if (versions === undefined) throw noVersions(topic, [...all.keys()], flags.data)
      printListing(
        io,
        flags.json === true,
        [
          { name: 'version', value: (row) => row.version },
          { name: 'registered', value: (row) => timeText(row.registeredMicros) },
          { name: 'job', value: (row) => row.job },
          { name: 'mode', value: (row) => row.mode },
          { name: 'records', value: (row) => (row.isChangelog ? 'changelog' : 'inserts') },
          { name: 'columns', value: (row) => schemaText(row.schema) },
        ],
        versions,
        '',
      )
    })
}

function noVersions(topic: string, known: readonly string[], data: string): ConfigError {
  return new ConfigError({
    code: 'SCHEMA_UNKNOWN',
    message: `no job has opened topic "${topic}" in ${data}`,
    expected: known.length === 0 ? 'a topic that a job opened' : `one of ${known.join(', ')}`,
    found: known.length === 0 ? 'none' : `"${topic}"`,
    remedy: 'Name the topic (job/topic for one that a job reads from files), or --data.',
  })
}
