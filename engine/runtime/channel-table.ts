// ChannelTable: positions and watermarks of a task's channels, as a table of its state. Offsets thus
// commit together with the state that they produced.
//
//   key = channel id (UTF-8) · value = offset f64, watermark f64, max event time f64, ended u8,
//   gate's run f64, gate's refused f64, has bookmark u8, bookmark
import { ByteReader, type ByteWriter } from '../batch/index.ts'
import type { SegmentWriter, StateTable, TableFormat } from '../state/index.ts'
import type { Channel, ChannelState } from './channel.ts'

const encoder = new TextEncoder()
const decoder = new TextDecoder()

export class ChannelTable implements StateTable {
  readonly name = 'channels'
  readonly format: TableFormat = { version: 1 }
  /** States as restored, by channel id. */
  readonly restored = new Map<string, ChannelState>()
  #channels: readonly Channel[] = []

  get rows(): number {
    return this.#channels.length
  }

  get sizeBytes(): number {
    return this.#channels.length * 128
  }

  /** The channels whose state the next snapshots take. */
  follow(channels: readonly Channel[]): void {
    this.#channels = channels
  }

  snapshot(segment: SegmentWriter): void {
    const rows = this.#channels.map((channel) => ({ key: encoder.encode(channel.id), channel }))
    rows.sort((a, b) => Buffer.compare(a.key, b.key))
    for (const { key, channel } of rows) {
      segment.beginKey()
      segment.bytes.raw(key)
      segment.beginValue()
      writeState(segment.bytes, channel.state())
      segment.end()
    }
  }

  restore(key: Uint8Array, value: Uint8Array): void {
    this.restored.set(decoder.decode(key), readState(new ByteReader(value)))
  }
}

function writeState(bytes: ByteWriter, state: ChannelState): void {
  bytes.float64(state.offset)
  bytes.float64(state.watermark)
  bytes.float64(state.maxEventTime)
  bytes.uint8(state.isEnded ? 1 : 0)
  bytes.float64(state.gate.run)
  bytes.float64(state.gate.rejected)
  bytes.uint8(state.bookmark === undefined ? 0 : 1)
  if (state.bookmark !== undefined) bytes.raw(state.bookmark)
}

function readState(reader: ByteReader): ChannelState {
  const offset = reader.float64()
  const watermark = reader.float64()
  const maxEventTime = reader.float64()
  const isEnded = reader.uint8() === 1
  const gate = { run: reader.float64(), rejected: reader.float64() }
  const bookmark = reader.uint8() === 1 ? reader.raw(reader.remaining).slice() : undefined
  return { offset, watermark, maxEventTime, isEnded, gate, bookmark }
}
