// Every bound of the engine: queues, batches, loops, retries. Relations between them are asserted
// below, when the module loads.
import { assert } from './errors.ts'

/** Records in one RecordBatch. */
export const BATCH_RECORDS_MAX = 1024
/** Bytes of one encoded record (JSON line, topic value). A longer one is a dead letter. */
export const RECORD_BYTES_MAX = 16 * 1024 * 1024
/** Nesting of lists, structs and skipped JSON values. */
export const NESTING_DEPTH_MAX = 64
/** Columns of one schema. */
export const COLUMNS_MAX = 5000
/** Different values a dictionary holds before a new generation begins. */
export const DICTIONARY_VALUES_MAX = 1 << 20
/** Bytes of all values of one dictionary. */
export const DICTIONARY_BYTES_MAX = 64 * 1024 * 1024
/** Bytes of one block of a segment, before its header. */
export const SEGMENT_BLOCK_BYTES_MAX = 64 * 1024
/** Segments of one table before compaction merges them. */
export const SEGMENTS_PER_TABLE_MAX = 8
/** Bytes that one slice of a compaction merges between two batches. */
export const COMPACTION_SLICE_BYTES_MAX = 1024 * 1024
/** Bytes a file source reads at once. */
export const FILE_READ_BYTES = 1024 * 1024
/** Partitions of one topic. */
export const PARTITIONS_MAX = 4096
/** Slots of one job. */
export const SLOTS_MAX = 256
/** Windows that hold one record: size / slide. */
export const WINDOWS_PER_RECORD_MAX = 100_000
/** Epochs that follower sinks may lag behind the decision before the loop waits. */
export const UNDELIVERED_EPOCHS_MAX = 16
/** Milliseconds the loop runs before it lets the event loop breathe. */
export const LOOP_SLICE_MS = 5
/**
 * Megabytes that the heap of a slot's thread may take before its first whole collection. Columns count
 * as heap: V8's own limit, grown from a heap that is small without them, collected every 15 MB of
 * batches, 21 times in 2 million events instead of 3, and took a fifth of a run on one core.
 */
export const SLOT_HEAP_MB = 128
/** Restarts after RetryableError, one soon after the other, before the job gives up. */
export const RESTARTS_MAX = 10
/** Milliseconds that a job runs before its earlier restarts no longer count. */
export const RESTARTS_FORGOTTEN_MS = 600_000
/** Milliseconds of the first and of the longest pause between restarts. */
export const RESTART_DELAY_MS = { first: 100, max: 30_000 } as const
/** Milliseconds that the other slots have to leave their loops when one failed. */
export const ABANDON_DEADLINE_MS = 5000
/** Milliseconds a slot may be silent before the watchdog ends the process. */
export const HEARTBEAT_TIMEOUT_MS = 60_000
/** Milliseconds from SIGTERM to the end of the process. */
export const SHUTDOWN_DEADLINE_MS = 25_000

assert(SEGMENT_BLOCK_BYTES_MAX <= COMPACTION_SLICE_BYTES_MAX, 'a slice holds at least one block')
assert(RESTART_DELAY_MS.max < RESTARTS_FORGOTTEN_MS, 'a pause between restarts is no long run')
assert(SHUTDOWN_DEADLINE_MS < HEARTBEAT_TIMEOUT_MS, 'shutdown ends before the watchdog wakes')
