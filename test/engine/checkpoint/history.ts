// A history of steps that only depends on the step's number: what each changes in two tables, and the
// fold of all of them. A store is right when its tables hold the fold of the steps it says it decided.
import { batchOfRows } from '../../../engine/batch/index.ts'
import type { OperatorTable, SlotStore } from '../../../engine/checkpoint/index.ts'
import { seededRandom } from '../../../engine/clock.ts'
import { int32, schema, string } from '../../../engine/schema/index.ts'
import { KeyIndex, ValueTable } from '../../../engine/state/index.ts'

const counts = schema({ step: int32(), text: string() })
const users = schema({ user: string() })
const encoder = new TextEncoder()
const KEYS = 400
const CHANGES = 60

export const TASK = 'stage/0'
const STEP = encoder.encode('step')

export interface HistoryTables {
  readonly values: ValueTable
  readonly keys: KeyIndex
}

export function newTables(): HistoryTables {
  return {
    values: new ValueTable({ name: 'values', schema: counts }),
    keys: new KeyIndex(users.fields),
  }
}

export function operatorTables({ values, keys }: HistoryTables): OperatorTable[] {
  return [
    { operatorId: 'count', table: values },
    { operatorId: 'window', table: keys },
  ]
}

/** Does what a step does. */
export function applyStep({ values, keys }: HistoryTables, step: number): void {
  const random = seededRandom(step)
  const names: { user: string }[] = []
  for (let i = 0; i < CHANGES; i++) {
    const n = Math.floor(random() * KEYS)
    const key = encoder.encode(`key-${n}`)
    if (random() < 0.2) values.delete(key)
    else values.put(key, { step, text: 'x'.repeat(Math.floor(random() * 200)) })
    names.push({ user: `user-${n}` })
  }
  const times = names.map(() => 0)
  const batch = batchOfRows(users, names, { eventTimes: times, watermarksBefore: times })
  const slots = new Int32Array(names.length)
  keys.resolve(batch, [0], slots)
  for (const slot of new Set(slots)) if (random() < 0.5) keys.release(slot)
}

/** Everything the tables hold, as text that doesn't depend on slots. */
export function contents({ values, keys }: HistoryTables): string {
  const rows = [...values.scan()].map(([key, row]) => [Buffer.from(key).toString(), row])
  const sequences = [...keys.sequenceOf.subarray(0, keys.slotCount)]
    .filter((_, slot) => keys.isLive(slot))
    .sort((a, b) => a - b)
  return JSON.stringify({ rows, sequences, next: keys.nextSequence })
}

/** The fold of steps 1 to `step`. */
export function expectedContents(step: number): string {
  const tables = newTables()
  for (let i = 1; i <= step; i++) applyStep(tables, i)
  return contents(tables)
}

export function stepKey(step: number): Uint8Array {
  return encoder.encode(`step-${String(step).padStart(8, '0')}`)
}

export function readStep(get: (key: Uint8Array) => Uint8Array | undefined): number {
  const bytes = get(STEP)
  return bytes === undefined ? 0 : Number(Buffer.from(bytes).toString())
}

/**
 * One epoch: a step with its mark, its record in a topic and, each third time, a committable.
 * `fillBytes` more are kept for ever, to fill a disk.
 */
export function commitStep(store: SlotStore, tables: HistoryTables, step: number, fillBytes = 0) {
  applyStep(tables, step)
  const bytes = encoder.encode(`${step}`)
  return store.commit({
    epoch: store.epoch + 1,
    tasks: [{ taskId: TASK, tables: operatorTables(tables) }],
    committables: step % 3 === 0 ? [{ sink: 'lake', bytes }] : [],
    steps: [
      (stores) => stores.put('marks', STEP, bytes),
      (stores) => stores.put('topics', stepKey(step), bytes),
      (stores) => stores.put('online', stepKey(step), new Uint8Array(fillBytes)),
    ],
  })
}
