// A small input for crash tests: shipped orders, with a broken line and a record that is late for all
// its windows, so that every sink of the job has rows. Lines are bytes: some are no UTF-8.
import { readFileSync, writeFileSync } from 'node:fs'
import { ordersFile } from './program.ts'

const NEWLINE = 10

/** The shipped orders, line by line. */
export function shippedOrders(): Buffer[] {
  const bytes = readFileSync(ordersFile)
  const lines: Buffer[] = []
  for (let start = 0; start < bytes.length; ) {
    const end = bytes.indexOf(NEWLINE, start)
    const to = end < 0 ? bytes.length : end
    if (to > start) lines.push(bytes.subarray(start, to))
    start = to + 1
  }
  return lines
}

/** The first `count` shipped orders, a broken line and a late record among them. */
export function faultEvents(count: number): Buffer[] {
  const lines = shippedOrders().slice(0, count)
  const late = lines[0]?.toString().replace('"order_id":"o-1"', '"order_id":"late-1"') ?? ''
  const third = Math.floor(count / 3)
  lines.splice(2 * third, 0, Buffer.from(late))
  lines.splice(third, 0, Buffer.from('{"event_type":"order_placed","order_id":'))
  return lines
}

export function writeLines(path: string, lines: readonly Buffer[]): void {
  writeFileSync(path, Buffer.concat(lines.flatMap((line) => [line, Buffer.of(NEWLINE)])))
}
