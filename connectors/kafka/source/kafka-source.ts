// kafkaSource: a topic of a Kafka cluster as a Source. What the contract asks for at once (partitions,
// first and last offsets) is read when it is opened. Partitions are assigned by whoever opens them,
// and offsets are kept by the engine: there is no consumer group, and nothing is committed here.
import type { Clock } from '../../../engine/clock.ts'
import type { PartitionReader, RecordDecoder, Source } from '../../../engine/connector.ts'
import { assert } from '../../../engine/errors.ts'
import { RecordRanges } from '../record-batch/index.ts'
import { kafkaTransport } from '../transport/cluster-transport.ts'
import type { KafkaSettings } from '../transport/kafka-settings.ts'
import { KafkaReader } from './kafka-reader.ts'
import { type Isolation, PartitionFetcher } from './partition-fetcher.ts'
import { PartitionQueue } from './partition-queue.ts'
import { otherCluster, outOfRange } from './source-error.ts'
import { ANSWER_TIMEOUT_MS, BUFFER_BYTES_MAX, FETCH_BYTES, RETRY_MS } from './source-limits.ts'
import { readTopicRanges, type TopicRanges } from './topic-ranges.ts'

export interface KafkaSourceOptions {
  readonly settings: KafkaSettings
  readonly topic: string
  readonly clock: Clock
  /** `bounded` ends at what is the latest offset when the source is opened. */
  readonly ending: 'bounded' | 'live'
  /** Absent: `read_committed`. */
  readonly isolation?: Isolation
  /** Records with a null value; absent: `reject`, they become dead letters. */
  readonly tombstones?: 'reject' | 'skip'
  /** Bytes of one partition in one response. */
  readonly fetchBytes?: number
  /** A partition with so many bytes that were fetched and not decoded is not fetched. */
  readonly bufferBytes?: number
  /** Milliseconds of trouble with a partition after which its reader throws. */
  readonly retryMs?: number
}

export interface KafkaSource extends Source {
  /** As of the opening. */
  earliest(partition: number): number
  /** As of the opening: the last stable offset where committed records are read. */
  latest(partition: number): number
  /** Ends readers and connections. Connections are its own: a long poll would hold up others. */
  close(): void
}

/**
 * Opens a topic; its readers belong to one thread.
 *
 * @example const source = await kafkaSource({ settings, topic: 'orders', clock, ending: 'live' })
 * @throws ConfigError TOPIC_UNKNOWN, KAFKA_DENIED; RetryableError KAFKA_NO_LEADER,
 *   KAFKA_UNREACHABLE
 */
export async function kafkaSource(options: KafkaSourceOptions): Promise<KafkaSource> {
  const { settings, topic, clock, isolation = 'read_committed' } = options
  const transport = kafkaTransport(settings, clock)
  try {
    const ranges = await readTopicRanges(transport, topic, isolation, ANSWER_TIMEOUT_MS)
    const { fetchBytes = FETCH_BYTES } = options
    const fetcher = new PartitionFetcher({ transport, topic, isolation, clock, fetchBytes })
    const rows = new RecordRanges()
    return {
      partitions: ranges.partitions.length,
      earliest: (partition) => rangeAt(topic, ranges, partition).earliest,
      latest: (partition) => rangeAt(topic, ranges, partition).latest,
      open: (partition, decoder, offset, bookmark) =>
        openReader({ options, ranges, fetcher, rows }, { partition, decoder, offset, bookmark }),
      close: () => {
        fetcher.close()
        transport.close()
      },
    }
  } catch (error) {
    transport.close()
    throw error
  }
}

interface SourceParts {
  readonly options: KafkaSourceOptions
  readonly ranges: TopicRanges
  readonly fetcher: PartitionFetcher
  readonly rows: RecordRanges
}

interface ReaderPlace {
  readonly partition: number
  readonly decoder: RecordDecoder
  readonly offset: number
  readonly bookmark: Uint8Array | undefined
}

/** @throws ConfigError OFFSET_OUT_OF_RANGE, INPUT_CHANGED */
function openReader(source: SourceParts, place: ReaderPlace): PartitionReader {
  const { options, ranges, fetcher, rows } = source
  const { topic, clock, isolation = 'read_committed', tombstones = 'reject' } = options
  const { partition, decoder, offset } = place
  const range = rangeAt(topic, ranges, partition)
  const bookmark = new TextEncoder().encode(ranges.clusterId)
  checkCluster(topic, ranges.clusterId, place.bookmark)
  const isBounded = options.ending === 'bounded'
  // Live, a position after what was the end may be right by now: the broker is asked.
  if (offset < range.earliest || (isBounded && offset > range.latest)) {
    throw outOfRange(`${topic}-${partition}`, range, offset)
  }
  const end = isBounded ? range.latest : Number.POSITIVE_INFINITY
  const { bufferBytes = BUFFER_BYTES_MAX, retryMs = RETRY_MS } = options
  const lastStableOffset = range.latest
  const limits = { end, lastStableOffset, bufferBytes, retryMs }
  const queue = new PartitionQueue({ topic, partition, offset, ...limits })
  fetcher.add(queue)
  const common = { queue, fetcher, decoder, ranges: rows, offset, end, isolation, tombstones }
  return new KafkaReader({ ...common, bookmark, clock })
}

function rangeAt(topic: string, { partitions }: TopicRanges, partition: number) {
  const range = partitions[partition]
  assert(range !== undefined, `topic "${topic}" has ${partitions.length}, not ${partition}`)
  return range
}

function checkCluster(topic: string, clusterId: string, bookmark: Uint8Array | undefined): void {
  if (bookmark === undefined || bookmark.length === 0) return
  const expected = new TextDecoder().decode(bookmark)
  if (expected !== clusterId) throw otherCluster(topic, expected, clusterId)
}
