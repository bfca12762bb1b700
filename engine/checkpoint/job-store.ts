// JobStore: everything one run of a job stores, in one LMDB environment `<data>/jobs/<job>/run/`.
// The main thread opens it and claims the job; every slot's thread opens the same folder and takes its
// SlotStore from the claim. It doesn't decide when epochs end, and it delivers nothing.
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { type Clock, chanceSeed, systemClock } from '../clock.ts'
import { assert } from '../errors.ts'
import { SLOTS_MAX } from '../limits.ts'
import { claimJob } from './claim.ts'
import { writeDurably } from './durable-file.ts'
import { Environment } from './environment.ts'
import type { Claim, ClaimRequest } from './epoch.ts'
import {
  createSavepoint,
  inspectSavepoint,
  listSavepoints,
  type SavepointManifest,
  savepointsFolder,
} from './savepoint.ts'
import { checkNoRestore } from './savepoint-restore.ts'
import { SlotStore } from './slot-store.ts'
import { StoreReader } from './store-reader.ts'

export interface JobStoreOptions {
  readonly clock?: Clock
  /** Names a new history; unique among all that ever write to the same sinks. */
  readonly newLineage?: () => string
}

const CLAIMED = 'job.json'

export class JobStore {
  readonly folder: string
  readonly #env: Environment
  readonly #clock: Clock
  readonly #newLineage: () => string

  private constructor(folder: string, env: Environment, options: JobStoreOptions) {
    this.folder = folder
    this.#env = env
    this.#clock = options.clock ?? systemClock
    this.#newLineage = options.newLineage ?? chanceLineage
  }

  /**
   * @throws StorageError FOLDER_READ_ONLY, DISK_FULL, STORAGE_FAILED; StateCorruptError STORE_CORRUPT
   */
  static open(folder: string, options: JobStoreOptions = {}): JobStore {
    checkNoRestore(folder)
    return new JobStore(folder, new Environment(folder), options)
  }

  /**
   * For other processes than the one that runs the job; that one uses `reader()`.
   * @throws StorageError STORE_MISSING
   */
  static openReadOnly(folder: string): StoreReader {
    return new StoreReader(new Environment(folder, { readOnly: true }))
  }

  /** A look into this store; closing it closes the store. */
  reader(): StoreReader {
    return new StoreReader(this.#env)
  }

  /**
   * Takes the job over: decides how the run starts from what is stored, and fences every earlier
   * owner. Called once, by the main thread, before any slot.
   * @throws StateMismatchError JOB_DIFFERS, TOPOLOGY_DIFFERS; StateCorruptError
   */
  claim(request: ClaimRequest): Claim {
    const { slots } = request
    const isCount = Number.isInteger(slots) && slots >= 1 && slots <= SLOTS_MAX
    assert(isCount, `a job has 1 to ${SLOTS_MAX} slots, not ${slots}`)
    const marker = join(this.folder, CLAIMED)
    const claim = claimJob(this.#env, request, existsSync(marker), this.#newLineage)
    if (!existsSync(marker)) writeDurably(marker, `${JSON.stringify({ job: request.job })}\n`)
    return claim
  }

  /** The store of one slot; used by one thread. @throws FencedError, StateCorruptError */
  slot(slot: number, claim: Claim): SlotStore {
    assert(slot >= 0 && slot < claim.slots, `slot ${slot} of ${claim.slots}`)
    return new SlotStore({
      env: this.#env,
      claim,
      slot,
      clock: this.#clock,
    })
  }

  /**
   * Copies the last decided state of all slots under a name. The copy needs nothing else; slots may
   * go on meanwhile, but only a cut (design: sources stopped, nothing in flight) restores exactly.
   * @throws ConfigError SAVEPOINT_EXISTS, SAVEPOINT_NAME; StorageError
   */
  createSavepoint(name: string): Promise<SavepointManifest> {
    return createSavepoint(this.#env, savepointsFolder(this.folder), name, this.#clock)
  }

  listSavepoints(): SavepointManifest[] {
    return listSavepoints(savepointsFolder(this.folder))
  }

  /** Reads the manifest and checks every byte of the copy. @throws StateCorruptError */
  inspectSavepoint(name: string): SavepointManifest {
    return inspectSavepoint(savepointsFolder(this.folder), name)
  }

  /** Where a claim left word that this folder belongs to a job; its name. */
  static jobOf(folder: string): string | undefined {
    const marker = join(folder, CLAIMED)
    if (!existsSync(marker)) return undefined
    const found: { readonly job: string } = JSON.parse(readFileSync(marker, 'utf8'))
    return found.job
  }

  async close(): Promise<void> {
    await this.#env.close()
  }
}

function chanceLineage(): string {
  return `${chanceSeed().toString(36)}${chanceSeed().toString(36)}`
}
