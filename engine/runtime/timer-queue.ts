// TimerQueue: the timers of one operator of one task, as a binary heap and as a table of its state.
// Due timers leave in the order (time, first scheduling); the same (domain, time, key) is one timer.
//
//   row of the table: key = domain u8, time i64 ordered, sequence u64 ordered · value = has key u8, key
import { ByteReader, ByteWriter } from '../batch/index.ts'
import type { Timer, Timers } from '../operator.ts'
import type { SegmentWriter, StateTable, TableFormat } from '../state/index.ts'

interface Entry {
  readonly timer: Timer
  readonly sequence: number
  readonly identity: string
  isLive: boolean
}

const DOMAINS = ['event', 'processing'] as const

export class TimerQueue implements Timers, StateTable {
  readonly name = 'timers'
  readonly format: TableFormat = { version: 1 }
  readonly #heaps = { event: new EntryHeap(), processing: new EntryHeap() }
  readonly #live = new Map<string, Entry>()
  readonly #added = new Set<Entry>()
  readonly #removed = new Set<Entry>()
  #nextSequence = 0

  get rows(): number {
    return this.#live.size
  }

  get sizeBytes(): number {
    return this.#live.size * 96
  }

  schedule(time: number, key?: Uint8Array, domain: Timer['domain'] = 'event'): void {
    const identity = identityOf(time, key, domain)
    if (this.#live.has(identity)) return
    const timer = { time, domain, key: key?.slice() }
    const entry = { timer, sequence: this.#nextSequence++, identity, isLive: true }
    this.#insert(entry)
    this.#added.add(entry)
  }

  cancel(time: number, key?: Uint8Array, domain: Timer['domain'] = 'event'): void {
    const entry = this.#live.get(identityOf(time, key, domain))
    if (entry !== undefined) this.#remove(entry)
  }

  /** Time of the next timer of a domain, or +∞. */
  nextDue(domain: Timer['domain']): number {
    return this.#heaps[domain].first()?.timer.time ?? Number.POSITIVE_INFINITY
  }

  /** Takes the next timer with time ≤ `until`, or undefined. */
  takeDue(domain: Timer['domain'], until: number): Timer | undefined {
    const entry = this.#heaps[domain].first()
    if (entry === undefined || entry.timer.time > until) return undefined
    this.#remove(entry)
    return entry.timer
  }

  snapshot(segment: SegmentWriter): void {
    const rows = [
      ...[...this.#removed].map((entry) => ({ entry, isPut: false })),
      ...[...this.#added].map((entry) => ({ entry, isPut: true })),
    ].map((row) => ({ ...row, key: rowKey(row.entry) }))
    rows.sort((a, b) => Buffer.compare(a.key, b.key))
    for (const { entry, isPut, key } of rows) {
      if (isPut) writeRow(segment, key, entry.timer.key)
      else segment.delete(key)
    }
    this.#added.clear()
    this.#removed.clear()
  }

  restore(key: Uint8Array, value: Uint8Array): void {
    const row = new ByteReader(key)
    const domain = DOMAINS[row.uint8()] ?? 'event'
    const time = row.integerOrdered()
    const sequence = row.integerOrdered()
    const timerKey = value[0] === 1 ? value.slice(1) : undefined
    const identity = identityOf(time, timerKey, domain)
    this.#insert({ timer: { time, domain, key: timerKey }, sequence, identity, isLive: true })
    this.#nextSequence = Math.max(this.#nextSequence, sequence + 1)
  }

  #insert(entry: Entry): void {
    this.#live.set(entry.identity, entry)
    this.#heaps[entry.timer.domain].push(entry)
  }

  #remove(entry: Entry): void {
    entry.isLive = false
    this.#live.delete(entry.identity)
    if (!this.#added.delete(entry)) this.#removed.add(entry)
  }
}

/** Min-heap by (time, sequence); cancelled entries are skipped when they reach the top. */
class EntryHeap {
  readonly #entries: Entry[] = []

  first(): Entry | undefined {
    while (this.#entries[0]?.isLive === false) this.#pop()
    return this.#entries[0]
  }

  push(entry: Entry): void {
    const entries = this.#entries
    let at = entries.length
    entries.push(entry)
    while (at > 0) {
      const parent = (at - 1) >> 1
      const above = entries[parent]
      if (above === undefined || !isBefore(entry, above)) break
      entries[at] = above
      at = parent
    }
    entries[at] = entry
  }

  #pop(): void {
    const entries = this.#entries
    const last = entries.pop()
    if (last === undefined || entries.length === 0) return
    let at = 0
    for (;;) {
      const child = this.#smallerChild(at)
      const below = entries[child]
      if (below === undefined || !isBefore(below, last)) break
      entries[at] = below
      at = child
    }
    entries[at] = last
  }

  #smallerChild(at: number): number {
    const left = this.#entries[2 * at + 1]
    const right = this.#entries[2 * at + 2]
    const isRight = left !== undefined && right !== undefined && isBefore(right, left)
    return isRight ? 2 * at + 2 : 2 * at + 1
  }
}

function isBefore(a: Entry, b: Entry): boolean {
  if (a.timer.time !== b.timer.time) return a.timer.time < b.timer.time
  return a.sequence < b.sequence
}

function identityOf(time: number, key: Uint8Array | undefined, domain: Timer['domain']): string {
  const text = key === undefined ? '' : `/${Buffer.from(key).toString('latin1')}`
  return `${domain}/${time}${text}`
}

function rowKey(entry: Entry): Uint8Array {
  const writer = new ByteWriter(17)
  writer.uint8(DOMAINS.indexOf(entry.timer.domain))
  writer.integerOrdered(entry.timer.time)
  writer.integerOrdered(entry.sequence)
  return writer.toBytes()
}

function writeRow(segment: SegmentWriter, key: Uint8Array, timerKey: Uint8Array | undefined) {
  segment.beginKey()
  segment.bytes.raw(key)
  segment.beginValue()
  segment.bytes.uint8(timerKey === undefined ? 0 : 1)
  if (timerKey !== undefined) segment.bytes.raw(timerKey)
  segment.end()
}
