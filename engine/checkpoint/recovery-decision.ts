// What a start does with what is stored: a pure function of facts. `JobStore.claim` gathers the facts
// inside its transaction and carries out the decision.
import { describeDifferences, differences } from './difference.ts'

/** What the store says of itself, or undefined when nothing was ever stored. */
export interface StoredFacts {
  readonly job: string
  readonly lineage: string
  readonly slots: number
  readonly topology: unknown
}

export interface StartFacts {
  readonly stored: StoredFacts | undefined
  /** A job was claimed here before, though the store may say nothing of it. */
  readonly wasClaimed: boolean
  readonly request: {
    readonly job: string
    readonly slots: number
    readonly topology: unknown
    readonly fresh: boolean
  }
}

export type StartDecision =
  | { readonly kind: 'fresh' }
  | { readonly kind: 'continue' }
  | { readonly kind: 'rescale'; readonly from: number; readonly to: number }
  | { readonly kind: 'refuse'; readonly reason: 'job' | 'topology'; readonly difference: string }
  /** The store is empty where it can't be. */
  | { readonly kind: 'lost' }

export function decideStart({ stored, wasClaimed, request }: StartFacts): StartDecision {
  if (request.fresh) return { kind: 'fresh' }
  if (stored === undefined) return wasClaimed ? { kind: 'lost' } : { kind: 'fresh' }
  if (stored.job !== request.job) {
    const difference = `the state is of job "${stored.job}", not of "${request.job}"`
    return { kind: 'refuse', reason: 'job', difference }
  }
  const found = differences(stored.topology, request.topology)
  if (found.length > 0) {
    return { kind: 'refuse', reason: 'topology', difference: describeDifferences(found) }
  }
  if (stored.slots !== request.slots) {
    return { kind: 'rescale', from: stored.slots, to: request.slots }
  }
  return { kind: 'continue' }
}
