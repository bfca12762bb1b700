// Names of data files: they tell the owner (job, lineage, sink, slot) and the term, so that a sweep
// knows which files are its own without reading anything.
//
//   features_user_fraud-8c1f0a3b9d2e7f60-t3-41.snappy.parquet
//   sink as far as it reads well · hash of the owner · term · number within the term
import { createHash } from 'node:crypto'

/** Who writes: one slot of one sink of one history. */
export interface FileOwner {
  readonly job: string
  readonly lineage: string
  readonly sink: string
  readonly slot: number
}

/** Name of the transaction that Delta keeps for an owner: `job/lineage/sink/slot`. */
export function appIdOf(owner: FileOwner): string {
  const parts = [owner.job, owner.lineage, owner.sink, String(owner.slot)]
  return parts.map((part) => part.replaceAll('%', '%25').replaceAll('/', '%2F')).join('/')
}

/** What all names of an owner's files begin with; only characters that URLs leave alone. */
export function fileNamePrefix(owner: FileOwner): string {
  const readable = owner.sink.replace(/[^A-Za-z0-9]+/g, '_').slice(0, 60)
  const hash = createHash('sha256').update(appIdOf(owner)).digest('hex').slice(0, 16)
  return `${readable}-${hash}-`
}

export const DATA_FILE_ENDING = '.snappy.parquet'
