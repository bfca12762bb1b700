// Fills the topic `orders` of a data folder, as producers outside would: each record in the partition
// of its user; what can't be read goes to partition 0.
import { join } from 'node:path'
import { openLog } from '../../connectors/log/index.ts'
import { murmur2Partition } from '../../engine/batch/index.ts'

/** The lines of each partition, in order. */
export function partitioned(lines: readonly Buffer[], partitions: number): Buffer[][] {
  const parts: Buffer[][] = Array.from({ length: partitions }, () => [])
  for (const line of lines) {
    const user = /"user_id":"([^"]*)"/.exec(line.toString('latin1'))?.[1]
    const key = Buffer.from(user ?? '', 'latin1')
    const partition = user === undefined ? 0 : murmur2Partition(key, 0, key.length, partitions)
    parts[partition]?.push(line)
  }
  return parts
}

/** Appends to the topic, which is created when it isn't there; durable when this resolves. */
export async function appendOrders(data: string, parts: readonly Buffer[][]): Promise<void> {
  const log = openLog(join(data, 'log'))
  log.create('orders', { partitions: parts.length })
  await Promise.all(
    parts.map((lines, partition) =>
      log.append(
        'orders',
        partition,
        lines.map((line) => ({ value: line })),
      ),
    ),
  )
  await log.close()
}
