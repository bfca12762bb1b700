// CsvScanner: cuts one record of RFC 4180 text into fields. Fields may be quoted; a quoted field
// may hold delimiters, newlines and doubled quotes. It knows positions only: what a field means is
// decided by the schema.

/** How a scan ended. */
export type CsvScan = 'record' | 'unfinished' | 'bad-quote'

const QUOTE = 34
const NEWLINE = 10
const CARRIAGE_RETURN = 13

export class CsvScanner {
  /** Fields of the last record. */
  count = 0
  /** Field i is `bytes[starts[i] .. ends[i])`, without its outer quotes. */
  starts = new Int32Array(64)
  ends = new Int32Array(64)
  /** 0 plain, 1 quoted, 2 quoted with doubled quotes inside. */
  quotes = new Uint8Array(64)
  /** Where the next record begins. */
  next = 0
  readonly #delimiter: number

  constructor(delimiter: number) {
    this.#delimiter = delimiter
  }

  /**
   * Scans the record at `start`. After `bad-quote` `next` is behind the next newline; after
   * `unfinished` (never when `isLast`, except for an open quote) nothing is consumed.
   */
  scan(bytes: Uint8Array, start: number, end: number, isLast: boolean): CsvScan {
    this.count = 0
    let at = start
    for (;;) {
      if (at < end && bytes[at] === QUOTE) {
        at = this.#quoted(bytes, at, end)
        if (at < 0) return isLast ? this.#bad(bytes, start, end) : 'unfinished'
      } else {
        at = this.#plain(bytes, at, end)
      }
      if (at >= end && !isLast) return 'unfinished'
      const byte = at < end ? bytes[at]! : NEWLINE
      if (byte === this.#delimiter) {
        at++
        continue
      }
      const crlf = byte === CARRIAGE_RETURN && (at + 1 >= end || bytes[at + 1] === NEWLINE)
      if (byte !== NEWLINE && !crlf) return this.#bad(bytes, at, end)
      if (crlf && at + 1 >= end && !isLast) return 'unfinished'
      this.next = Math.min(end, at + (crlf ? 2 : 1))
      return 'record'
    }
  }

  /** Adds a plain field; returns where it ended. */
  #plain(bytes: Uint8Array, start: number, end: number): number {
    let at = start
    while (at < end) {
      const byte = bytes[at]!
      if (byte === this.#delimiter || byte === NEWLINE) break
      at++
    }
    const endsLine = at >= end || bytes[at] === NEWLINE
    if (endsLine && at > start && bytes[at - 1] === CARRIAGE_RETURN) at--
    this.#add(start, at, 0)
    return at
  }

  /** Adds a quoted field; returns where it ended, or -1 when its quote is open. */
  #quoted(bytes: Uint8Array, start: number, end: number): number {
    let hasDoubled = false
    for (let at = start + 1; at < end; at++) {
      if (bytes[at] !== QUOTE) continue
      if (at + 1 < end && bytes[at + 1] === QUOTE) {
        hasDoubled = true
        at++
        continue
      }
      this.#add(start + 1, at, hasDoubled ? 2 : 1)
      return at + 1
    }
    return -1
  }

  #add(start: number, end: number, quotes: number): void {
    if (this.count === this.starts.length) this.#grow()
    this.starts[this.count] = start
    this.ends[this.count] = end
    this.quotes[this.count] = quotes
    this.count++
  }

  #grow(): void {
    const [starts, ends, quotes] = [this.starts, this.ends, this.quotes]
    this.starts = new Int32Array(starts.length * 2)
    this.ends = new Int32Array(starts.length * 2)
    this.quotes = new Uint8Array(starts.length * 2)
    this.starts.set(starts)
    this.ends.set(ends)
    this.quotes.set(quotes)
  }

  #bad(bytes: Uint8Array, from: number, end: number): CsvScan {
    const newline = bytes.subarray(0, end).indexOf(NEWLINE, from)
    this.next = newline < 0 ? end : newline + 1
    return 'bad-quote'
  }
}
