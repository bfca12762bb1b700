// `millrace lake`: tables of the lake: list, history, read as of a version or a time.
import type { Command } from 'commander'
import {
  listTables,
  openTable,
  type ReadOptions,
  readColumns,
  type TableSnapshot,
  type TableVersion,
  tableHistory,
} from '../../connectors/delta/index.ts'
import { ConfigError } from '../../engine/errors.ts'
import { parseDate, parseTimestamp, timeText } from '../../engine/json/index.ts'
import { lakeFolder } from '../run/data-folder.ts'
import type { CliIo } from './cli-io.ts'
import { type DataFlags, group, leaf, whole } from './command-group.ts'
import { alignedTable, printListing } from './listing.ts'
import { isNumeric, jsonLines, rowCells } from './row-output.ts'

/** Rows that people are shown unless they ask for more. */
const SHOWN_ROWS = 50
const DAY_MICROS = 86_400_000_000

export function lakeCommand(io: CliIo): Command {
  const commands = [listCommand(io), historyCommand(io), readCommand(io)]
  return group('lake', 'lake tables: list, history, read any version', io, commands)
}

function listCommand(io: CliIo): Command {
  return leaf(
    'ls',
    'list the tables with their latest version',
    `  $ millrace lake ls
  $ millrace lake ls --json | jq -r .table`,
  ).action(async (flags: DataFlags) => {
    const folder = lakeFolder(flags.data)
    const tables: TableSnapshot[] = []
    for (const name of await listTables(folder)) tables.push(await openTable(folder, name))
    printListing(
      io,
      flags.json === true,
      [
        { name: 'table', value: ({ name }) => name },
        { name: 'version', value: ({ version }) => version },
        { name: 'rows', value: ({ rows }) => rows ?? null },
        { name: 'files', value: ({ files }) => files.length },
        { name: 'columns', value: ({ schema }) => schema.fields.length },
        { name: 'time', value: ({ timeMicros }) => timeText(timeMicros) },
      ],
      tables,
      `no table in ${folder}; a job with a lakeTable sink makes one`,
    )
  })
}

function historyCommand(io: CliIo): Command {
  return leaf(
    'history',
    'the versions of a table, the first one first',
    `  $ millrace lake history features/user_fraud_5m
      each version with its time, rows and the epoch that it holds`,
  )
    .argument('<table>')
    .action(async (table: string, flags: DataFlags) => {
      const versions: TableVersion[] = []
      for await (const version of tableHistory(lakeFolder(flags.data), table)) {
        versions.push(version)
      }
      printListing(
        io,
        flags.json === true,
        [
          { name: 'version', value: ({ version }) => version },
          { name: 'time', value: ({ timeMicros }) => timeText(timeMicros) },
          { name: 'operation', value: ({ operation }) => operation },
          { name: 'addedRows', value: ({ addedRows }) => addedRows ?? null },
          { name: 'addedFiles', value: ({ addedFiles }) => addedFiles },
          { name: 'removedFiles', value: ({ removedFiles }) => removedFiles },
          { name: 'epoch', value: ({ epoch }) => epoch ?? null },
          { name: 'writer', value: ({ appId }) => appId ?? null },
        ],
        versions,
        'no version',
      )
    })
}

interface ReadFlags extends DataFlags {
  readonly asOf?: string
  readonly limit?: number
}

function readCommand(io: CliIo): Command {
  return leaf(
    'read',
    'read the rows of a table',
    `  $ millrace lake read features/user_fraud_5m --limit 10
  $ millrace lake read features/user_fraud_5m --as-of 12
      as it was in version 12
  $ millrace lake read raw/orders --as-of 2024-01-08T12:00:00Z --json
      as it was at that moment; commits at exactly that time are included
  $ millrace lake read raw/orders --as-of 2024-01-08
      as it was at the start of that day in UTC, so without that day's commits`,
  )
    .argument('<table>')
    .option('--as-of <version|time>', 'a version, a time with its zone, or a date (start, UTC)')
    .option('--limit <n>', `rows; default: ${SHOWN_ROWS}, with --json all`, whole(0))
    .action(async (table: string, flags: ReadFlags) => {
      const options = flags.asOf === undefined ? {} : asOf(flags.asOf)
      const snapshot = await openTable(lakeFolder(flags.data), table, options)
      const at = timeText(snapshot.timeMicros)
      io.note(`${table} as of version ${snapshot.version}, ${at}, rows: ${snapshot.rows ?? '?'}`)
      if (flags.json === true) await printJson(io, snapshot, flags.limit)
      else await printTable(io, snapshot, flags.limit ?? SHOWN_ROWS)
    })
}

/** @throws ConfigError AS_OF_INVALID */
export function asOf(text: string): ReadOptions {
  if (/^\d{1,15}$/.test(text)) return { version: Number(text) }
  const bytes = new TextEncoder().encode(text)
  const asOfMicros =
    bytes.length === 10
      ? parseDate(bytes, 0, bytes.length) * DAY_MICROS
      : parseTimestamp(bytes, 0, bytes.length)
  if (!Number.isNaN(asOfMicros)) return { asOfMicros }
  throw new ConfigError({
    code: 'AS_OF_INVALID',
    message: '--as-of is neither a version nor a time',
    expected: 'a version such as 12, a time such as 2024-01-08T12:00:00Z, or a date',
    found: JSON.stringify(text),
    remedy: 'Write times with their zone.',
  })
}

async function printJson(io: CliIo, snapshot: TableSnapshot, limit?: number): Promise<void> {
  let left = limit ?? Number.POSITIVE_INFINITY
  if (left === 0) return
  for await (const part of readColumns(snapshot)) {
    const length = Math.min(part.length, left)
    io.out(jsonLines({ ...part, length }))
    left -= length
    if (left <= 0) return
  }
}

async function printTable(io: CliIo, snapshot: TableSnapshot, limit: number): Promise<void> {
  const cells: string[][] = []
  for await (const part of readColumns(snapshot)) {
    for (let row = 0; row < part.length && cells.length < limit; row++) {
      cells.push(rowCells(part, row))
    }
    if (cells.length >= limit) break
  }
  const { fields } = snapshot.schema
  const heads = fields.map((field) => field.name)
  io.out(
    alignedTable(
      heads,
      cells,
      fields.map(({ type }) => isNumeric(type)),
    ),
  )
  const { rows } = snapshot
  if (rows !== undefined && rows > cells.length) {
    io.note(`${rows - cells.length} more rows; see --limit and --json`)
  }
}
