// Cutting polled records at an offset, for channels that must stop at a place (law 5).
import { sliceColumn } from '../batch/index.ts'
import type { SourceRecords } from '../connector.ts'
import { ConfigError } from '../errors.ts'

/** The records below `offset`, and those from it on. */
export function cutRecords(
  records: SourceRecords,
  offset: number,
): readonly [below: SourceRecords, beyond: SourceRecords] {
  const { length, columns, offsets, appendTimes, rejected, nextOffset } = records
  let rows = 0
  while (rows < length && offsets[rows]! < offset) rows++
  return [
    {
      columns: columns.map((column) => sliceColumn(column, 0, rows)),
      length: rows,
      offsets: offsets.subarray(0, rows),
      appendTimes: appendTimes?.subarray(0, rows),
      rejected: rejected.filter((each) => each.offset < offset),
      nextOffset: offset,
    },
    {
      columns: columns.map((column) => sliceColumn(column, rows, length)),
      length: length - rows,
      offsets: offsets.subarray(rows),
      appendTimes: appendTimes?.subarray(rows),
      rejected: rejected.filter((each) => each.offset >= offset),
      nextOffset,
    },
  ]
}

export function sameBytes(a: Uint8Array | undefined, b: Uint8Array | undefined): boolean {
  return a === undefined || b === undefined ? a === b : Buffer.compare(a, b) === 0
}

/** A bookmark that goes with the polled records says nothing of a place between them. */
export function uncuttable(channel: string, offset: number): ConfigError {
  return new ConfigError({
    code: 'TICK_WITHIN_BATCH',
    message: `channel ${channel} can not stop at offset ${offset}, where a recorded tick belongs`,
    expected: 'a topic of the log',
    found: 'a file, of which only the ends of batches are places to go on from',
    remedy: 'Append the records to a topic, or restore into another --data folder, without ticks.',
  })
}
