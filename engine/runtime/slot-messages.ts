// What a slot's thread and the main thread say to each other.
import { MillraceError, RetryableError } from '../errors.ts'
import type { SlotEnd, SlotStatus } from './slot-settings.ts'

export type SlotMessage =
  | { readonly kind: 'up' }
  | { readonly kind: 'status'; readonly status: SlotStatus }
  | { readonly kind: 'ended'; readonly end: SlotEnd; readonly status: SlotStatus }
  | { readonly kind: 'failed'; readonly error: SlotError }

/** An error as plain data: class instances do not cross threads. */
export interface SlotError {
  readonly name: string
  readonly code: string
  readonly message: string
  readonly stack: string
  readonly isRetryable: boolean
}

export function slotError(error: unknown): SlotError {
  if (error instanceof Error) {
    return {
      name: error.name,
      code: error instanceof MillraceError ? error.code : codeOf(error),
      message: error.message,
      stack: error.stack ?? '',
      isRetryable: error instanceof RetryableError,
    }
  }
  return { name: 'Error', code: 'UNKNOWN', message: String(error), stack: '', isRetryable: false }
}

function codeOf(error: Error): string {
  return 'code' in error ? String(error.code) : 'UNKNOWN'
}
