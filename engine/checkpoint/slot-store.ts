// SlotStore: the part of a job's store that one slot owns: restores its tasks, commits its epochs,
// keeps what is undelivered, compacts. Every write transaction first compares the term: a slot that
// was taken over changes nothing. After a commit that threw the slot can't go on, because its tables
// count as clean: the process ends and the next start continues from the last decided epoch.
import type { Clock } from '../clock.ts'
import type { CommitPermit } from '../connector.ts'
import { assert, StateMismatchError } from '../errors.ts'
import { type EncodedSegment, SegmentEncoder } from '../state/index.ts'
import { committableKey, isSameDelivery, permitOf, readPending } from './committable.ts'
import { hasWork, nextSlice } from './compaction.ts'
import { decisionStores } from './decision-stores.ts'
import type { Environment } from './environment.ts'
import type { Claim, CommitReport, EpochDecision, OperatorTable, Undelivered } from './epoch.ts'
import { failpoint } from './failpoint.ts'
import { checkTerm, type PendingRecord, type SlotRecord, writeSlot } from './job-records.ts'
import { type MigratedTable, restoreTable } from './restore-table.ts'
import { identityOf, SegmentStore } from './segment-store.ts'
import { TaskCatalog } from './task-catalog.ts'
import { partitionOf } from './task-manifest.ts'

export interface SlotStoreParts {
  readonly env: Environment
  readonly claim: Claim
  readonly slot: number
  readonly clock: Clock
}

interface PreparedSegment {
  readonly taskId: string
  readonly operatorId: string
  readonly table: string
  readonly number: number
  readonly encoded: EncodedSegment
}

export class SlotStore {
  readonly slot: number
  readonly #env: Environment
  readonly #claim: Claim
  readonly #clock: Clock
  readonly #segments: SegmentStore
  readonly #encoder = new SegmentEncoder()
  readonly #migrated: MigratedTable[] = []
  #catalog: TaskCatalog
  #record: SlotRecord
  #isBroken = false

  /** Made by `JobStore.slot`. @throws FencedError, StateCorruptError */
  constructor({ env, claim, slot, clock }: SlotStoreParts) {
    this.slot = slot
    this.#env = env
    this.#claim = claim
    this.#clock = clock
    this.#segments = new SegmentStore(env)
    checkTerm(env, claim)
    const { catalog, record } = TaskCatalog.read(env, claim, slot)
    this.#catalog = catalog
    this.#record = record
  }

  /** The last decided epoch; 0 before the first. */
  get epoch(): number {
    return this.#record.epoch
  }

  /** Tables whose rows were migrated by `restore`. */
  get migrated(): readonly MigratedTable[] {
    return this.#migrated
  }

  /** Tasks of which something is stored. */
  get taskIds(): readonly string[] {
    return this.#catalog.taskIds
  }

  /** Bytes of the stored segments of all tasks. */
  get storedBytes(): number {
    return this.#catalog.storedBytes
  }

  /**
   * Hands every live row to its table, in ascending key order. Tables must be empty.
   * @throws StateMismatchError, StateCorruptError
   */
  restore(taskId: string, tables: readonly OperatorTable[]): void {
    this.#checkOwner(taskId)
    const names = new Set<string>()
    for (const { operatorId, table } of tables) {
      const name = `${operatorId}/${table.name}`
      if (names.has(name)) throw sameName(taskId, name)
      names.add(name)
      const stored = this.#catalog.table(taskId, operatorId, table.name)
      if (stored === undefined) continue
      const migrated = restoreTable(this.#segments, taskId, stored, table)
      if (migrated !== undefined) this.#migrated.push(migrated)
    }
  }

  /**
   * Decides an epoch: when this returns, it is durable. When it throws, nothing of it was decided and
   * the process must end.
   * @throws FencedError, StorageError DISK_FULL
   */
  commit(decision: EpochDecision): CommitReport {
    assert(!this.#isBroken, `slot ${this.slot} commits after a commit that failed`)
    const { epoch } = decision
    assert(epoch === this.epoch + 1, `epoch ${epoch} after ${this.epoch} in slot ${this.slot}`)
    this.#isBroken = true
    failpoint('commit.before-snapshot')
    const started = this.#clock.elapsedMs()
    const prepared = this.#snapshot(decision)
    failpoint('commit.after-snapshot')
    const encoded = this.#clock.elapsedMs()
    const catalog = this.#catalog.withSegments(prepared)
    const record: SlotRecord = {
      ...this.#record,
      ...catalog.summary,
      epoch,
      pending: [...this.#record.pending, ...this.#pendingOf(decision)],
    }
    this.#env.write(() => {
      checkTerm(this.#env, this.#claim)
      for (const segment of prepared) {
        const identity = { ...segment, segment: segment.number }
        this.#segments.put(identity, segment.encoded, segment.encoded.footer)
      }
      const stores = decisionStores(this.#env)
      for (const step of decision.steps) step(stores)
      for (const { sink, bytes } of decision.committables) {
        this.#env.put('committables', committableKey(this.#own(epoch, sink)), bytes)
      }
      catalog.write(this.#env)
      writeSlot(this.#env, record)
      failpoint('commit.in-transaction')
    })
    this.#encoder.release()
    failpoint('commit.after')
    for (const segment of prepared) {
      this.#segments.remember({ ...segment, segment: segment.number }, segment.encoded.footer)
    }
    this.#catalog = catalog.written()
    this.#record = record
    this.#isBroken = false
    return report(decision, prepared, encoded - started, this.#clock.elapsedMs() - encoded)
  }

  /** Decided work of follower sinks that isn't marked delivered, oldest first. */
  undelivered(): Undelivered[] {
    return this.#record.pending.map((pending) => ({
      epoch: pending.epoch,
      sink: pending.sink,
      bytes: readPending(this.#env, pending),
      permit: permitOf(pending),
    }))
  }

  /**
   * Forgets a committable once its sink has delivered it.
   * @param permit of the item, where an item of an earlier history has the same epoch and sink
   */
  markDelivered(epoch: number, sink: string, permit?: CommitPermit): void {
    const found = this.#record.pending.filter((p) => isSameDelivery(p, epoch, sink, permit))
    const own = found.find((p) => p.lineage === this.#claim.lineage && p.slot === this.slot)
    const [item] = permit === undefined && own !== undefined ? [own] : found
    assert(item !== undefined, `nothing of epoch ${epoch} waits for delivery to ${sink}`)
    assert(own !== undefined || found.length === 1, `epoch ${epoch} of ${sink} is not one item`)
    failpoint('delivered.before-mark')
    const pending = this.#record.pending.filter((p) => p !== item)
    const record = { ...this.#record, pending }
    this.#env.write(() => {
      checkTerm(this.#env, this.#claim)
      this.#env.remove('committables', committableKey(item))
      writeSlot(this.#env, record)
      failpoint('delivered.in-transaction')
    })
    this.#record = record
    failpoint('delivered.after-mark')
  }

  /**
   * Merges segments between two epochs, reading about `budgetBytes` at most.
   * @returns true when more work is left
   */
  compact(budgetBytes: number): boolean {
    assert(!this.#isBroken, `slot ${this.slot} compacts after a commit that failed`)
    let left = budgetBytes
    for (const { manifest } of this.#catalog.tasks) {
      for (const { operatorId, table } of manifest.tables) {
        while (left > 0) {
          const read = this.#compactTable(manifest.taskId, operatorId, table, left)
          if (read < 0) break
          left -= Math.max(read, 1)
        }
        if (left <= 0) return this.#hasWork()
      }
    }
    return false
  }

  /** @returns bytes read, or -1 when there was nothing to do */
  #compactTable(taskId: string, operatorId: string, table: string, budget: number): number {
    const stored = this.#catalog.table(taskId, operatorId, table)
    if (stored === undefined) return -1
    const next = this.#catalog.nextSegment(taskId)
    const slice = nextSlice(this.#segments, taskId, stored, next, this.#encoder, budget)
    if (slice === undefined) return -1
    failpoint('compact.before')
    const number = slice.tookNumber ? next + 1 : next
    const catalog = this.#catalog.withTable(taskId, slice.table, number)
    const record = { ...this.#record, ...catalog.summary }
    this.#env.write(() => {
      checkTerm(this.#env, this.#claim)
      slice.write()
      catalog.write(this.#env)
      writeSlot(this.#env, record)
      failpoint('compact.in-transaction')
    })
    this.#encoder.release()
    slice.committed()
    this.#catalog = catalog.written()
    this.#record = record
    failpoint('compact.after')
    return slice.bytesRead
  }

  #hasWork(): boolean {
    return this.#catalog.tasks.some(({ manifest }) =>
      manifest.tables.some((table) => hasWork(this.#segments, manifest.taskId, table)),
    )
  }

  #snapshot({ tasks }: EpochDecision): PreparedSegment[] {
    const prepared: PreparedSegment[] = []
    for (const { taskId, tables } of tasks) {
      this.#checkOwner(taskId)
      let number = this.#catalog.nextSegment(taskId)
      for (const { operatorId, table } of tables) {
        const place = { operatorId, table: table.name, segments: [] }
        this.#encoder.begin(identityOf(taskId, place, number))
        table.snapshot(this.#encoder)
        this.#segments.noteLiveRows(taskId, place, table.rows)
        const encoded = this.#encoder.finish(table.format)
        if (encoded === undefined) continue
        prepared.push({ taskId, operatorId, table: table.name, number, encoded })
        number++
      }
    }
    return prepared
  }

  #pendingOf({ epoch, committables }: EpochDecision): PendingRecord[] {
    const sinks = new Set(committables.map(({ sink }) => sink))
    assert(sinks.size === committables.length, 'an epoch has one committable a sink')
    return committables.map(({ sink }) => this.#own(epoch, sink))
  }

  #own(epoch: number, sink: string): PendingRecord {
    const { lineage, term } = this.#claim
    return { lineage, slot: this.slot, term, epoch, sink }
  }

  #checkOwner(taskId: string): void {
    const owner = partitionOf(taskId) % this.#claim.slots
    assert(owner === this.slot, `task ${taskId} belongs to slot ${owner}, not ${this.slot}`)
  }
}

function report(
  { epoch, committables, heartbeat }: EpochDecision,
  prepared: readonly PreparedSegment[],
  snapshotMs: number,
  transactionMs: number,
): CommitReport {
  const segmentBytes = prepared.reduce((sum, { encoded }) => sum + encoded.footer.bytes, 0)
  return {
    epoch,
    bytes: committables.reduce((sum, { bytes }) => sum + bytes.length, segmentBytes),
    rows: prepared.reduce((sum, { encoded }) => sum + encoded.footer.rows, 0),
    segments: prepared.length,
    snapshotMs,
    transactionMs,
    heartbeat: heartbeat === true,
  }
}

function sameName(taskId: string, name: string): StateMismatchError {
  return new StateMismatchError({
    code: 'TABLE_TWICE',
    message: `two tables of task ${taskId} are named ${name}`,
    remedy: 'Give each table of an operator its own name.',
  })
}
