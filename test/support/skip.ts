// Skips by name: a suite that cannot run here still appears in the report, with the reason. Law: in
// continuous integration (`CI=true`) a missing server is a failure; missing shared data never is.
import { existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { describe, it } from 'vitest'

/** What a suite needs and cannot bring along: a broker, a database, an object store. */
export interface Requirement<T> {
  /** As it reads in the report: `a Kafka broker`. */
  readonly name: string
  /** What was found; undefined where there is none. */
  readonly found: T | undefined
  /** What to do to have one: `set KAFKA_BROKERS, or install Java and Maven`. */
  readonly remedy: string
}

export type Reaction = 'run' | 'skip' | 'fail'

/**
 * A suite with what it needs. `suite` is not called where nothing was found, so it may use what it
 * is given at once:
 * `requireOrSkip('transactions', { name: 'a broker', found: brokers, remedy }, (brokers) => …)`.
 */
export function requireOrSkip<T>(
  title: string,
  requirement: Requirement<T>,
  suite: (found: T) => void,
): void {
  const { name, found, remedy } = requirement
  if (found !== undefined) {
    describe(title, () => suite(found))
    return
  }
  const isCi = process.env.CI === 'true'
  describe(title, () => {
    // Skipped because this machine has no such server; `reactionTo` fails it in CI.
    it.skipIf(reactionTo(found, { isCi }) === 'skip')(`needs ${name}: ${remedy}`, () => {
      throw new Error(`expected ${name}, found none; ${remedy}`)
    })
  })
}

/** What becomes of a suite: it runs where its need is met; CI promises to have every server. */
export function reactionTo(found: unknown, { isCi }: { isCi: boolean }): Reaction {
  if (found !== undefined) return 'run'
  return isCi ? 'fail' : 'skip'
}

/** The folder with conformance cases and golden results beside the project, where there is one. */
export function sharedFolder(): string | undefined {
  const folder = fileURLToPath(new URL('../../../shared', import.meta.url))
  return existsSync(folder) ? folder : undefined
}

/** A suite over files of the shared folder; `suite` is called only where the folder exists. */
export function describeWithShared(title: string, suite: (folder: string) => void): void {
  const folder = sharedFolder()
  if (folder !== undefined) {
    describe(title, () => suite(folder))
    return
  }
  describe(title, () => {
    // Skipped because the data belongs to other projects and is not copied into this one.
    it.skip('needs the folder `shared` beside the project')
  })
}
