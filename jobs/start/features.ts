// A look at the online view of the fraud job: the users that spent most, as a table for a person.
import type { OnlineReader } from '../../connectors/online/index.ts'
import { ByteWriter } from '../../engine/batch/index.ts'
import { writeTimestamp } from '../../engine/json/index.ts'

export const FRAUD_VIEW = 'user_fraud_5m'

/** The values of one user, as texts by column. */
export interface UserFeatures {
  readonly user: string
  readonly orders: string
  readonly spend: string
  readonly restaurants: string
  /** ISO 8601. */
  readonly windowEnd: string
}

/** The `limit` users of these with the greatest spend; those without a value that counts are left out. */
export function topSpenders(
  reader: OnlineReader,
  users: readonly string[],
  limit: number,
): UserFeatures[] {
  if (!reader.views().some(({ name }) => name === FRAUD_VIEW)) return []
  const keys = users.map((user) => ({ user_id: user }))
  const found = reader.getMany(FRAUD_VIEW, keys).flatMap(({ values }) => {
    return values === undefined ? [] : [featuresOf(values)]
  })
  return found.sort((a, b) => Number(b.spend) - Number(a.spend)).slice(0, limit)
}

/** Columns under their names, numbers to the right. */
export function featureTable(rows: readonly UserFeatures[]): string {
  const header = ['user', 'orders_5min', 'spend_5min', 'unique_restaurants_5min', 'window_end']
  const cells = rows.map((row) => [row.user, row.orders, row.spend, row.restaurants, row.windowEnd])
  const widths = header.map((name, column) =>
    Math.max(name.length, ...cells.map((row) => row[column]?.length ?? 0)),
  )
  const line = (row: readonly string[]): string => {
    const padded = row.map((cell, column) => {
      const width = widths[column] ?? 0
      return column === 0 ? cell.padEnd(width) : cell.padStart(width)
    })
    return `  ${padded.join('  ')}\n`
  }
  return [header, ...cells].map(line).join('')
}

function featuresOf(values: Readonly<Record<string, unknown>>): UserFeatures {
  const end = values.window_end
  return {
    user: String(values.user_id),
    orders: String(values.orders_5min),
    spend: String(values.spend_5min),
    restaurants: String(values.unique_restaurants_5min),
    windowEnd: typeof end === 'number' ? timeText(end) : String(end),
  }
}

function timeText(micros: number): string {
  const out = new ByteWriter(32)
  writeTimestamp(micros, out)
  return Buffer.from(out.view()).toString()
}
