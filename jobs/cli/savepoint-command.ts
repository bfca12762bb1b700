// `millrace savepoint`: named, self-contained copies of a job's state: create, list, inspect.
import type { Command } from 'commander'
import { JobStore, type SavepointManifest } from '../../engine/checkpoint/index.ts'
import { timeText } from '../../engine/json/index.ts'
import { jobFolder } from '../run/data-folder.ts'
import type { CliIo } from './cli-io.ts'
import { type DataFlags, group, leaf } from './command-group.ts'
import { type ListColumn, printListing } from './listing.ts'
import { jobNames, unknownJob } from './stored-data.ts'

export function savepointCommand(io: CliIo): Command {
  const commands = [createCommand(io), listCommand(io), inspectCommand(io)]
  return group('savepoint', 'copies of a job’s state: create, list, inspect', io, commands)
}

const columns: readonly ListColumn<SavepointManifest>[] = [
  { name: 'savepoint', value: ({ name }) => name },
  { name: 'job', value: ({ job }) => job.job },
  { name: 'time', value: ({ createdAt }) => timeText(createdAt) },
  { name: 'slots', value: ({ job }) => job.slots },
  { name: 'epochs', value: ({ job }) => job.epochs.join(', ') },
  { name: 'tables', value: ({ tables }) => tables.length },
  { name: 'bytes', value: ({ files }) => files.reduce((sum, { bytes }) => sum + bytes, 0) },
]

function createCommand(io: CliIo): Command {
  return leaf(
    'create',
    'copy the last decided state of all slots under a name',
    `  $ millrace savepoint create fraud-features before-upgrade
      stop the job first: a copy of a stopped job restores exactly`,
  )
    .argument('<job>')
    .argument('<name>')
    .action((job: string, name: string, flags: DataFlags) =>
      withStore(flags.data, job, async (store) => {
        const made = await store.createSavepoint(name)
        printListing(io, flags.json === true, columns, [made], '')
      }),
    )
}

function listCommand(io: CliIo): Command {
  return leaf(
    'ls',
    'list the savepoints of a job, or of all jobs',
    `  $ millrace savepoint ls
  $ millrace savepoint ls fraud-features --json`,
  )
    .argument('[job]')
    .action(async (job: string | undefined, flags: DataFlags) => {
      const found: SavepointManifest[] = []
      for (const each of job === undefined ? jobNames(flags.data) : [job]) {
        await withStore(flags.data, each, (store) => {
          found.push(...store.listSavepoints())
        })
      }
      printListing(io, flags.json === true, columns, found, 'no savepoint')
    })
}

function inspectCommand(io: CliIo): Command {
  return leaf(
    'inspect',
    'check every byte of a savepoint, and list the tables in it',
    '  $ millrace savepoint inspect fraud-features before-upgrade',
  )
    .argument('<job>')
    .argument('<name>')
    .action((job: string, name: string, flags: DataFlags) =>
      withStore(flags.data, job, (store) => {
        const { tables, job: facts, createdAt } = store.inspectSavepoint(name)
        const epochs = facts.epochs.join(', ')
        io.note(`${name}: whole; ${timeText(createdAt)}; epochs ${epochs}; term ${facts.term}`)
        printListing(
          io,
          flags.json === true,
          [
            { name: 'task', value: ({ taskId }) => taskId },
            { name: 'operator', value: ({ operatorId }) => operatorId },
            { name: 'table', value: ({ table }) => table },
            { name: 'rowsMax', value: ({ rows }) => rows },
            { name: 'bytes', value: ({ bytes }) => bytes },
            { name: 'segments', value: ({ segments }) => segments },
          ],
          tables,
          'no table in it',
        )
      }),
    )
}

async function withStore(
  data: string,
  job: string,
  work: (store: JobStore) => void | Promise<void>,
): Promise<void> {
  const names = jobNames(data)
  if (!names.includes(job)) throw unknownJob(job, names, data)
  const store = JobStore.open(jobFolder(data, job).run)
  try {
    await work(store)
  } finally {
    await store.close()
  }
}
