// RowFailures: which rows of a batch an evaluation could not compute, and why. Law: evaluation
// never throws for a row; a failed row is null in the result and stands here once, with its first
// failure (operands left to right, then the operator). Branches that a row does not take can't
// fail it.
import { BadRecordError } from '../errors.ts'

/** Codes of failures on single rows. */
export type FailureCode = 'ARITHMETIC_OVERFLOW' | 'DIVISION_BY_ZERO' | 'CAST_FAILED'

export interface RowFailure {
  readonly row: number
  readonly code: FailureCode
  /** Text of the expression that failed. */
  readonly expression: string
  readonly expected: string
  readonly found: string
}

/** What an evaluator reports to. */
export interface FailureSink {
  fail(row: number, site: FailureSite, found: string): void
}

/** The part of a failure that is known before any row is seen. */
export interface FailureSite {
  readonly code: FailureCode
  readonly expression: string
  readonly expected: string
}

/** Failures of one batch. Make one per operator, `clear` it before each batch. */
export class RowFailures implements FailureSink {
  readonly #failures = new Map<number, RowFailure>()

  get count(): number {
    return this.#failures.size
  }

  has(row: number): boolean {
    return this.#failures.has(row)
  }

  clear(): void {
    if (this.#failures.size > 0) this.#failures.clear()
  }

  fail(row: number, site: FailureSite, found: string): void {
    if (!this.#failures.has(row)) this.#failures.set(row, { row, ...site, found })
  }

  /** 1 for each failed row of a batch of `length` rows. */
  mask(length: number): Uint8Array {
    const mask = new Uint8Array(length)
    for (const row of this.#failures.keys()) mask[row] = 1
    return mask
  }

  /** Every failed row once, ascending. */
  list(): readonly RowFailure[] {
    return [...this.#failures.values()].sort((a, b) => a.row - b.row)
  }
}

/** Lets only the failures of rows with `active[row] === 1` through. */
export class MaskedFailures implements FailureSink {
  readonly #target: FailureSink
  readonly #active: Uint8Array

  constructor(target: FailureSink, active: Uint8Array) {
    this.#target = target
    this.#active = active
  }

  fail(row: number, site: FailureSite, found: string): void {
    if (this.#active[row] === 1) this.#target.fail(row, site, found)
  }
}

/** The error that a dead letter carries for a failed row. */
export function failureError(failure: RowFailure): BadRecordError {
  return new BadRecordError({
    code: failure.code,
    message: `${failure.expression} has no value`,
    expected: failure.expected,
    found: failure.found,
  })
}
