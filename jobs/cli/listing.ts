// Listings: rows as aligned columns for people, or as one JSON object each for programs.
import type { CliIo } from './cli-io.ts'

export type Cell = string | number | boolean | null

export interface ListColumn<Row> {
  /** Name of the member in JSON, and head of the column. */
  readonly name: string
  /** Head of the column where people read it otherwise. */
  readonly head?: string
  value(row: Row): Cell
  /** How people read it; default: the value. */
  text?(row: Row): string
}

/** @param empty what people are told when there is no row; goes to stderr */
export function printListing<Row>(
  io: CliIo,
  isJson: boolean,
  columns: readonly ListColumn<Row>[],
  rows: readonly Row[],
  empty: string,
): void {
  if (isJson) {
    for (const row of rows) {
      const members = columns.map(({ name, value }) => [name, value(row)] as const)
      io.out(`${JSON.stringify(Object.fromEntries(members))}\n`)
    }
    return
  }
  if (rows.length === 0) {
    io.note(empty)
    return
  }
  const cells = rows.map((row) => columns.map((column) => cellText(column, row)))
  const isNumber = columns.map(({ value }) => rows.every((row) => typeof value(row) === 'number'))
  const heads = columns.map(({ name, head }) => head ?? name)
  io.out(alignedTable(heads, cells, isNumber))
}

/** Columns two spaces apart; numbers to the right. Characters that end lines are shown escaped. */
export function alignedTable(
  heads: readonly string[],
  rows: readonly (readonly string[])[],
  isRight: readonly boolean[] = [],
): string {
  const shown = [heads, ...rows].map((row) => row.map(oneLine))
  const widths = heads.map((_, i) => Math.max(...shown.map((row) => widthOf(row[i] ?? ''))))
  const lines = shown.map((row) =>
    row
      .map((cell, i) => padded(cell, widths[i] ?? 0, isRight[i] === true))
      .join('  ')
      .trimEnd(),
  )
  return `${lines.join('\n')}\n`
}

function cellText<Row>(column: ListColumn<Row>, row: Row): string {
  if (column.text !== undefined) return column.text(row)
  const value = column.value(row)
  if (value === null) return '-'
  return typeof value === 'number' ? value.toLocaleString('en-US') : String(value)
}

/** Nothing a record holds may move the cursor of a terminal. */
function oneLine(text: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: these are the ones to show
  return text.replaceAll(/[\u0000-\u001f\u007f-\u009f]/g, (c) => JSON.stringify(c).slice(1, -1))
}

function padded(text: string, width: number, isRight: boolean): string {
  const space = ' '.repeat(Math.max(0, width - widthOf(text)))
  return isRight ? `${space}${text}` : `${text}${space}`
}

function widthOf(text: string): number {
  return [...text].length
}
