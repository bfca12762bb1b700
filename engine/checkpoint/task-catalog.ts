// TaskCatalog: the manifests of the tasks of one slot, in memory, as of the last commit. Immutable: a
// change makes another catalog, which is written in the transaction that it belongs to and taken over
// when that is committed.
import type { EncodedSegment } from '../state/index.ts'
import type { Environment } from './environment.ts'
import type { Claim } from './epoch.ts'
import {
  checkTasks,
  digestOf,
  readSlot,
  readTasks,
  type SlotRecord,
  type StoredTask,
  taskChecksum,
  tasksOfSlot,
} from './job-records.ts'
import {
  emptyManifest,
  encodeManifest,
  findTable,
  type TableManifest,
  type TaskManifest,
  taskKey,
  withTable,
} from './task-manifest.ts'

/** A segment that an epoch adds. */
export interface AddedSegment {
  readonly taskId: string
  readonly operatorId: string
  readonly table: string
  readonly number: number
  readonly encoded: EncodedSegment
}

export class TaskCatalog {
  readonly #tasks: ReadonlyMap<string, StoredTask>
  /** Encoded manifests that are not stored yet. */
  readonly #changed: ReadonlyMap<string, Uint8Array>

  constructor(tasks: ReadonlyMap<string, StoredTask>, changed = new Map<string, Uint8Array>()) {
    this.#tasks = tasks
    this.#changed = changed
  }

  /** @throws StateCorruptError when slot record and manifests don't agree */
  static read(
    env: Environment,
    claim: Claim,
    slot: number,
  ): { readonly catalog: TaskCatalog; readonly record: SlotRecord } {
    const record = readSlot(env, claim.lineage, slot)
    const tasks = tasksOfSlot(readTasks(env), slot, claim.slots)
    checkTasks(env, record, tasks)
    const catalog = new TaskCatalog(new Map(tasks.map((task) => [task.manifest.taskId, task])))
    return { catalog, record }
  }

  get tasks(): StoredTask[] {
    return [...this.#tasks.values()]
  }

  get taskIds(): string[] {
    return [...this.#tasks.keys()]
  }

  get storedBytes(): number {
    let sum = 0
    for (const { manifest } of this.#tasks.values()) {
      for (const { segments } of manifest.tables) for (const { bytes } of segments) sum += bytes
    }
    return sum
  }

  /** What the slot's record says of the tasks. */
  get summary(): { readonly tasks: number; readonly digest: number } {
    return { tasks: this.#tasks.size, digest: digestOf(this.tasks) }
  }

  table(taskId: string, operatorId: string, table: string): TableManifest | undefined {
    const task = this.#tasks.get(taskId)
    return task && findTable(task.manifest, operatorId, table)
  }

  nextSegment(taskId: string): number {
    return this.#tasks.get(taskId)?.manifest.nextSegment ?? 0
  }

  withSegments(added: readonly AddedSegment[]): TaskCatalog {
    const manifests = new Map<string, TaskManifest>()
    for (const segment of added) {
      const { taskId } = segment
      const known = this.#tasks.get(taskId)?.manifest ?? emptyManifest(taskId)
      manifests.set(taskId, withSegment(manifests.get(taskId) ?? known, segment))
    }
    return this.#with([...manifests.values()])
  }

  withTable(taskId: string, table: TableManifest, nextSegment: number): TaskCatalog {
    const known = this.#tasks.get(taskId)?.manifest ?? emptyManifest(taskId)
    return this.#with([{ ...withTable(known, table), nextSegment }])
  }

  /** Stores the changed manifests; inside a transaction. */
  write(env: Environment): void {
    for (const [taskId, bytes] of this.#changed) env.put('tasks', taskKey(taskId), bytes)
  }

  /** The catalog once `write` is committed. */
  written(): TaskCatalog {
    return new TaskCatalog(this.#tasks)
  }

  #with(manifests: readonly TaskManifest[]): TaskCatalog {
    const tasks = new Map(this.#tasks)
    const changed = new Map<string, Uint8Array>()
    for (const manifest of manifests) {
      const { taskId } = manifest
      const bytes = encodeManifest(manifest)
      changed.set(taskId, bytes)
      tasks.set(taskId, { manifest, checksum: taskChecksum(taskId, bytes) })
    }
    return new TaskCatalog(tasks, changed)
  }
}

function withSegment(manifest: TaskManifest, added: AddedSegment): TaskManifest {
  const { operatorId, table, number, encoded } = added
  const { rows, bytes, firstKeys } = encoded.footer
  const entry = { number, firstBlock: 0, endBlock: firstKeys.length, rows, bytes }
  const before = findTable(manifest, operatorId, table) ?? { operatorId, table, segments: [] }
  const changed = withTable(manifest, { ...before, segments: [...before.segments, entry] })
  return { ...changed, nextSegment: number + 1 }
}
