// Fault: where an error of the graph waits until the slot loop rethrows it. RxJS would report an
// error thrown inside `next` later and elsewhere; here the first one is kept, and nothing more is
// pushed after it.

import type { Element } from '../element.ts'
import { MillraceError, UserCodeError } from '../errors.ts'

export class Fault {
  #error: unknown
  #isSet = false

  /** True once something failed: the graph takes no more elements. */
  get isSet(): boolean {
    return this.#isSet
  }

  /** Keeps the first error, with the operator and record it came from. */
  raise(error: unknown, operatorId: string, element?: Element): void {
    if (this.#isSet) return
    this.#isSet = true
    this.#error = error instanceof MillraceError ? error : userError(error, operatorId, element)
  }

  /** Throws what was kept, if anything. */
  rethrow(): void {
    if (this.#isSet) throw this.#error
  }
}

function userError(error: unknown, operatorId: string, element: Element | undefined) {
  const text = error instanceof Error ? error.message : String(error)
  return new UserCodeError({
    code: 'USER_CODE',
    message: `operator "${operatorId}" threw: ${text}`,
    found: element === undefined ? 'no record' : positionOf(element),
    remedy: 'Correct the function; the job goes on from its last epoch.',
    cause: error,
  })
}

function positionOf(element: Element): string {
  if (element.kind !== 'batch') return `a ${element.kind}`
  const { source, length } = element
  if (source === undefined || length === 0) return `a batch of ${length} records`
  const first = source.offsets[0]!
  const last = source.offsets[length - 1]!
  return `records ${first} to ${last} of partition ${source.partition}`
}
