// `millrace online`: what the online views answer, read from the stores of the jobs that fill them.
import type { Command } from 'commander'
import {
  entityKeyOf,
  type OnlineAnswer,
  OnlineReader,
  type ViewRecord,
} from '../../connectors/online/index.ts'
import { batchOfRows } from '../../engine/batch/index.ts'
import { systemClock } from '../../engine/clock.ts'
import { ConfigError, errorCode } from '../../engine/errors.ts'
import { timeText } from '../../engine/json/index.ts'
import type { Field } from '../../engine/schema/index.ts'
import { formatDuration } from '../../engine/time/index.ts'
import { onlineHandle } from '../run/online-handle.ts'
import type { CliIo } from './cli-io.ts'
import { type DataFlags, group, leaf } from './command-group.ts'
import { alignedTable, printListing } from './listing.ts'
import { jsonLines, valueText } from './row-output.ts'
import { type StoredData, withStoredData } from './stored-data.ts'

export function onlineCommand(io: CliIo): Command {
  const commands = [getCommand(io), listCommand(io)]
  return group('online', 'online views: look up keys, list views', io, commands)
}

interface FoundView {
  readonly job: string
  readonly record: ViewRecord
  readonly reader: OnlineReader
}

interface GetFlags extends DataFlags {
  readonly job?: string
}

function getCommand(io: CliIo): Command {
  return leaf(
    'get',
    'the newest row of each key',
    `  $ millrace online get user_fraud_5m user-17
  $ millrace online get user_fraud_5m user-17 user-18 --json
      several keys, all as of one moment
  $ millrace online get restaurant_city 12 Berlin 13 Bonn
      a view with two key columns takes its values in pairs`,
  )
    .argument('<view>')
    .argument('<key...>', 'one value per key column, for one key after the other')
    .option('--job <name>', 'the job whose view it is, where several have one of that name')
    .action((view: string, texts: readonly string[], flags: GetFlags) =>
      withStoredData(flags.data, (stored) => {
        const { record, reader } = findView(stored, view, flags.job)
        const { key, fields } = definitionOf(record)
        const keys = keysOf(view, key, texts)
        const answers = reader.getMany(
          view,
          keys.map((each) => entityKeyOf(key, each)),
        )
        if (flags.json === true) {
          answers.forEach((answer, i) => {
            io.out(answerJson(view, key, keys[i] ?? [], fields, answer))
          })
        } else printAnswers(io, key, keys, fields, answers)
      }),
    )
}

function listCommand(io: CliIo): Command {
  return leaf('ls', 'list the views', '  $ millrace online ls').action((flags: DataFlags) =>
    withStoredData(flags.data, (stored) => {
      printListing(
        io,
        flags.json === true,
        [
          { name: 'view', value: ({ record }) => record.name },
          { name: 'job', value: ({ job }) => job },
          {
            name: 'key',
            value: ({ record }) => namesOf(definitionOf(record).key),
          },
          {
            name: 'ttlMs',
            head: 'ttl',
            value: ({ record }) => definitionOf(record).ttlMicros / 1000,
            text: ({ record }) => formatDuration(definitionOf(record).ttlMicros),
          },
          { name: 'mode', value: ({ record }) => definitionOf(record).mode },
          { name: 'columns', value: ({ record }) => namesOf(definitionOf(record).fields) },
        ],
        allViews(stored),
        `no view in ${flags.data}; a job with an onlineView sink makes one`,
      )
    }),
  )
}

function allViews(stored: StoredData): FoundView[] {
  return stored.jobs().flatMap((job) => {
    const reader = readerOf(stored, job)
    return reader?.views().map((record) => ({ job, record, reader })) ?? []
  })
}

/** Undefined for a job that decided nothing yet. */
function readerOf(stored: StoredData, job: string): OnlineReader | undefined {
  try {
    return new OnlineReader(onlineHandle(stored.store(job)), systemClock)
  } catch (error) {
    if (errorCode(error) === 'STORE_MISSING') return undefined
    throw error
  }
}

function findView(stored: StoredData, name: string, job: string | undefined): FoundView {
  const views = allViews(stored).filter((view) => job === undefined || view.job === job)
  const found = views.filter(({ record }) => record.name === name)
  const [view] = found
  if (view !== undefined && found.length === 1) return view
  const names = [...new Set(views.map(({ record }) => record.name))]
  throw found.length > 1
    ? new ConfigError({
        code: 'VIEW_AMBIGUOUS',
        message: `several jobs have an online view "${name}"`,
        expected: 'one job',
        found: found.map((each) => each.job).join(', '),
        remedy: 'Name it with --job.',
      })
    : new ConfigError({
        code: 'VIEW_UNKNOWN',
        message: `there is no online view "${name}"`,
        expected: names.length === 0 ? 'a view' : `one of ${names.join(', ')}`,
        found: names.length === 0 ? `no view in ${stored.data}` : `"${name}"`,
        remedy: 'Run the job that fills it, or name the --data folder it ran with.',
      })
}

function definitionOf(record: ViewRecord) {
  const current = record.generations.find((each) => each.generation === record.current)
  if (current !== undefined) return current.definition
  throw new ConfigError({
    code: 'VIEW_UNKNOWN',
    message: `the online view "${record.name}" has no generation ${record.current}`,
    remedy: 'Run the job that fills it.',
  })
}

/** The texts cut into keys. @throws ConfigError VIEW_KEY */
function keysOf(view: string, key: readonly Field[], texts: readonly string[]): string[][] {
  if (texts.length % key.length === 0) {
    return Array.from({ length: texts.length / key.length }, (_, i) =>
      texts.slice(i * key.length, (i + 1) * key.length),
    )
  }
  throw new ConfigError({
    code: 'VIEW_KEY',
    message: `the online view "${view}" is looked up by ${key.length} columns`,
    expected: `values for ${namesOf(key)}`,
    found: `${texts.length} values`,
    remedy: 'Give one value per key column, for one key after the other.',
  })
}

function answerJson(
  view: string,
  key: readonly Field[],
  texts: readonly string[],
  fields: readonly Field[],
  answer: OnlineAnswer,
): string {
  const entries = key.map((field, i) => [field.name, texts[i] ?? ''] as const)
  const { status, epoch, ageMs, readClock } = answer
  const head = JSON.stringify({ view, key: Object.fromEntries(entries), status })
  const tail = JSON.stringify({
    eventTime: timeText(answer.eventTime),
    knownTime: timeText(answer.knownTime),
    epoch: epoch ?? null,
    ageMs: ageMs ?? null,
    readClock,
  })
  return `${head.slice(0, -1)},"values":${valuesJson(fields, answer)},${tail.slice(1)}\n`
}

function valuesJson(fields: readonly Field[], { values }: OnlineAnswer): string {
  if (values === undefined) return 'null'
  const batch = batchOfRows({ fields }, [values], { eventTimes: [0], watermarksBefore: [0] })
  return Buffer.from(jsonLines(batch)).toString().trimEnd()
}

function printAnswers(
  io: CliIo,
  key: readonly Field[],
  keys: readonly (readonly string[])[],
  fields: readonly Field[],
  answers: readonly OnlineAnswer[],
): void {
  const others = fields.filter((field) => !key.some((each) => each.name === field.name))
  const heads = [...key.map(({ name }) => name), 'status', ...others.map(({ name }) => name)]
  const rows = answers.map(({ status, values, epoch, ageMs }, i) => [
    ...(keys[i] ?? []),
    status,
    ...others.map(({ name, type }) => (values === undefined ? '-' : valueText(values[name], type))),
    epoch === undefined ? '-' : String(epoch),
    ageMs === undefined ? '-' : formatDuration(Math.round(ageMs) * 1000),
  ])
  io.out(alignedTable([...heads, 'epoch', 'age'], rows))
}

function namesOf(fields: readonly Field[]): string {
  return fields.map((field) => field.name).join(', ')
}
