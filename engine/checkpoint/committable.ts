// Committables: decided work of follower sinks, kept until it is delivered. The slot's record lists
// them, so a missing one is seen.
import { ByteWriter } from '../batch/index.ts'
import type { CommitPermit } from '../connector.ts'
import { writeSequence } from '../state/index.ts'
import type { Environment } from './environment.ts'
import { corruptStore, type PendingRecord } from './job-records.ts'

/** lineage, slot, epoch, sink: unique in all histories of a store. */
export function committableKey({ lineage, slot, epoch, sink }: PendingRecord): Uint8Array {
  const into = new ByteWriter(64)
  into.text(lineage)
  into.uint32Ordered(slot)
  writeSequence(epoch, into)
  into.text(sink)
  return into.toBytes()
}

/** @throws StateCorruptError when it is missing or damaged */
export function readPending(env: Environment, pending: PendingRecord): Uint8Array {
  const bytes = env.get('committables', committableKey(pending))
  if (bytes !== undefined) return bytes
  const { slot, epoch, sink } = pending
  throw corruptStore(env.folder, `the committable of ${sink}, slot ${slot}, epoch ${epoch}`, 'none')
}

export function permitOf({ slot, term, epoch, lineage }: PendingRecord): CommitPermit {
  return { slot, term, epoch, lineage }
}

/** True when an item is of this epoch and sink and, where a permit is given, of its history. */
export function isSameDelivery(
  item: PendingRecord,
  epoch: number,
  sink: string,
  permit: CommitPermit | undefined,
): boolean {
  if (item.epoch !== epoch || item.sink !== sink) return false
  return permit === undefined || (permit.lineage === item.lineage && permit.slot === item.slot)
}
