// What the benches' hopping windows must give, counted naively: one row a user and window.
import type { Orders } from '../../../bench/support/orders.ts'

export function featureRows(orders: Orders, slides: number): number {
  const rows = new Set<string>()
  for (let i = 0; i < orders.length; i++) {
    const minute = Math.floor((orders.timesMs[i] ?? 0) / 60_000)
    for (let end = 1; end <= slides; end++) rows.add(`${orders.userIds[i]} ${minute + end}`)
  }
  return rows.size
}
