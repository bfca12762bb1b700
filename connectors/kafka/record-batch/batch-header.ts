// The header of a record batch (format 2), as brokers store and send it. All numbers big-endian:
//
//   0 base offset i64 │ 8 length of what follows i32 │ 12 leader epoch i32 │ 16 magic i8 = 2
//  17 CRC32C u32 of all that follows it │ 21 attributes i16 │ 23 last offset delta i32
//  27 base time i64 │ 35 greatest time i64 │ 43 producer id i64 │ 51 producer epoch i16
//  53 base sequence i32 │ 57 number of records i32 │ 61 records, compressed as a whole
//
// Attributes: bits 0-2 compression, 3 the time is that of the append, 4 transactional, 5 control,
// 6 the base time is a deletion horizon (record times stay relative to it). Times are epoch
// milliseconds. The checksum covers neither the base offset nor the length: brokers set the first
// when they append. A header object is filled again for each batch.

/** Bytes before the records. */
export const HEADER_BYTES = 61
/** Bytes that the length field does not count: the base offset and itself. */
export const FRAME_BYTES = 12
export const LENGTH_AT = 8
export const MAGIC_AT = 16
/** Bytes that must be there to know the format and the length. */
export const MAGIC_END = 17
export const CRC_AT = 17
/** Where the bytes that the checksum covers begin. */
export const CHECKED_AT = 21

export const MAGIC = 2
export const TRANSACTIONAL = 1 << 4

const COMPRESSION_MASK = 7
const APPEND_TIME = 1 << 3
const CONTROL = 1 << 5
const HIGH = 4294967296

export class BatchHeader {
  baseOffset = 0
  /** Offset of the last record that the batch was written with; compaction may have removed it. */
  lastOffset = 0
  crc = 0
  attributes = 0
  lastOffsetDelta = 0
  baseTimeMs = 0
  timeMaxMs = 0
  producerId = -1
  producerEpoch = -1
  baseSequence = -1
  recordCount = 0

  /** Reads the header at `at`; HEADER_BYTES must be there. */
  read(view: DataView, at: number): void {
    this.baseOffset = readInt64(view, at)
    this.crc = view.getUint32(at + CRC_AT)
    this.attributes = view.getInt16(at + CHECKED_AT)
    this.lastOffsetDelta = view.getInt32(at + 23)
    this.baseTimeMs = readInt64(view, at + 27)
    this.timeMaxMs = readInt64(view, at + 35)
    this.producerId = readInt64(view, at + 43)
    this.producerEpoch = view.getInt16(at + 51)
    this.baseSequence = view.getInt32(at + 53)
    this.recordCount = view.getInt32(at + 57)
    this.lastOffset = this.baseOffset + this.lastOffsetDelta
  }

  /** Writes all but length and checksum, which are known last. */
  write(view: DataView, at: number): void {
    writeInt64(view, at, this.baseOffset)
    view.setInt32(at + FRAME_BYTES, -1)
    view.setInt8(at + 16, MAGIC)
    view.setInt16(at + CHECKED_AT, this.attributes)
    view.setInt32(at + 23, this.lastOffsetDelta)
    writeInt64(view, at + 27, this.baseTimeMs)
    writeInt64(view, at + 35, this.timeMaxMs)
    writeInt64(view, at + 43, this.producerId)
    view.setInt16(at + 51, this.producerEpoch)
    view.setInt32(at + 53, this.baseSequence)
    view.setInt32(at + 57, this.recordCount)
  }

  get compression(): number {
    return this.attributes & COMPRESSION_MASK
  }

  /** The broker set the time, the same for all records of the batch: `timeMaxMs`. */
  get isAppendTime(): boolean {
    return (this.attributes & APPEND_TIME) !== 0
  }

  get isTransactional(): boolean {
    return (this.attributes & TRANSACTIONAL) !== 0
  }

  /** Holds a mark of the broker (the end of a transaction), no records of users. */
  get isControl(): boolean {
    return (this.attributes & CONTROL) !== 0
  }
}

/** Exact within ± 2^53, which offsets, times and producer ids are. */
export function readInt64(view: DataView, at: number): number {
  return view.getInt32(at) * HIGH + view.getUint32(at + 4)
}

function writeInt64(view: DataView, at: number, value: number): void {
  const high = Math.floor(value / HIGH)
  view.setInt32(at, high)
  view.setUint32(at + 4, value - high * HIGH)
}
