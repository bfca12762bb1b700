// OnlineReader: point reads of online views. All keys of one call, also of several views, are read
// from one snapshot, so that a feature vector is of one decided state. The ttl is enforced here: a
// value that is too old is not shown, and the answer says so.
import { ByteWriter } from '../../engine/batch/index.ts'
import type { Clock } from '../../engine/clock.ts'
import { type KeyCodec, keyCodec, type RowCodec, rowCodec } from '../../engine/codec/index.ts'
import { ConfigError } from '../../engine/errors.ts'
import { Bucket, bucketOf, entityHash } from './bucket.ts'
import {
  bucketKey,
  generationPrefix,
  viewRecordKey,
  viewRecordRange,
  writeEntity,
} from './online-key.ts'
import { readHeader, VALUE_HEADER_BYTES, ValueKind } from './online-value.ts'
import { decodeViewRecord, type ViewGeneration, type ViewRecord } from './view-record.ts'

/** The online store as of one moment. Values are valid in the call. */
export interface OnlineSnapshot {
  get(key: Uint8Array): Uint8Array | undefined
  /** Pairs with from ≤ key < to, ascending. */
  range(
    from: Uint8Array,
    to: Uint8Array,
  ): Iterable<{ readonly key: Uint8Array; readonly value: Uint8Array }>
}

/** Read access to an online store. */
export interface OnlineHandle {
  /** Runs `work` on one snapshot (embedded: one read transaction). `work` is synchronous. */
  read<T>(work: (snapshot: OnlineSnapshot) => T): T
}

/** Values of the key columns, by name, in the form rows have them. */
export type EntityKey = Readonly<Record<string, unknown>>

export interface OnlineAnswer {
  /** `outside_max_age`: there is a row, older than the view's ttl; its values are not given. */
  readonly status: 'present' | 'not_found' | 'outside_max_age'
  readonly values: Readonly<Record<string, unknown>> | undefined
  /** Epoch microseconds: of the record behind the row, and when its epoch was committed. */
  readonly eventTime: number | undefined
  readonly knownTime: number | undefined
  readonly epoch: number | undefined
  /** Read clock minus the order column (window_end); never below 0. */
  readonly ageMs: number | undefined
  /** Which clock the age is told by: the wall clock of a live view, else the last watermark. */
  readonly readClock: 'wall' | 'watermark'
}

export interface OnlineRequest {
  readonly view: string
  readonly keys: readonly EntityKey[]
}

interface OpenView {
  readonly bytes: Uint8Array
  readonly record: ViewRecord
  readonly generation: ViewGeneration
  readonly prefix: Uint8Array
  readonly keys: KeyCodec
  /** One string column that is never null. */
  readonly isTextKey: boolean
  readonly rows: RowCodec
  /** The order column is a point in time; otherwise age goes by event time. */
  readonly isTimed: boolean
}

const encoder = new TextEncoder()

export class OnlineReader {
  readonly #handle: OnlineHandle
  readonly #clock: Clock
  readonly #views = new Map<string, OpenView>()
  readonly #key = new ByteWriter()
  readonly #entity = new ByteWriter()
  readonly #bucketKey = new ByteWriter()

  constructor(handle: OnlineHandle, clock: Clock) {
    this.#handle = handle
    this.#clock = clock
  }

  /** All views there are, by name. */
  views(): ViewRecord[] {
    const { from, to } = viewRecordRange
    return this.#handle.read((snapshot) =>
      Array.from(snapshot.range(from, to), ({ value }) => decodeViewRecord(value)),
    )
  }

  /** @throws ConfigError VIEW_UNKNOWN, VIEW_KEY */
  get(view: string, key: EntityKey): OnlineAnswer {
    const [answer] = this.getMany(view, [key])
    return answer ?? missing('wall')
  }

  /** Answers in the order of the keys. @throws ConfigError VIEW_UNKNOWN, VIEW_KEY */
  getMany(view: string, keys: readonly EntityKey[]): OnlineAnswer[] {
    const [answers] = this.read([{ view, keys }])
    return answers ?? []
  }

  /** Several views at once, from one snapshot. @throws ConfigError VIEW_UNKNOWN, VIEW_KEY */
  read(requests: readonly OnlineRequest[]): OnlineAnswer[][] {
    const nowMicros = this.#clock.nowMicros()
    return this.#handle.read((snapshot) =>
      requests.map(({ view, keys }) => {
        const open = this.#open(snapshot, view)
        return keys.map((key) => this.#answer(snapshot, open, key, nowMicros))
      }),
    )
  }

  #answer(
    snapshot: OnlineSnapshot,
    view: OpenView,
    key: EntityKey,
    nowMicros: number,
  ): OnlineAnswer {
    const { definition, clockMicros } = view.generation
    const readClock = definition.mode === 'live' ? 'wall' : 'watermark'
    const value = this.#find(snapshot, view, key)
    if (value === undefined) return missing(readClock)
    const header = readHeader(value)
    if (header.kind === ValueKind.tombstone) return missing(readClock)
    const { eventTime, knownTime, epoch } = header
    const clock = definition.mode === 'live' ? nowMicros : (clockMicros ?? Number.NEGATIVE_INFINITY)
    const since = view.isTimed && Number.isFinite(header.order) ? header.order : eventTime
    const ageMicros = Math.max(0, clock - since)
    const isFresh = ageMicros <= definition.ttlMicros
    return {
      status: isFresh ? 'present' : 'outside_max_age',
      values: isFresh ? view.rows.decode(value.subarray(VALUE_HEADER_BYTES)) : undefined,
      eventTime,
      knownTime,
      epoch,
      ageMs: ageMicros / 1000,
      readClock,
    }
  }

  #find(snapshot: OnlineSnapshot, view: OpenView, key: EntityKey): Uint8Array | undefined {
    const entity = this.#entityOf(view, key)
    const hash = entityHash(entity, 0, entity.length)
    const bucket = bucketOf(hash, view.generation.buckets)
    const bytes = snapshot.get(bucketKey(view.prefix, bucket, this.#bucketKey))
    return bytes && new Bucket(bytes).find(entity)
  }

  #entityOf(view: OpenView, key: EntityKey): Uint8Array {
    const { fields } = view.keys
    const isComplete = fields.every(({ name }) => Object.hasOwn(key, name))
    if (!isComplete || Object.keys(key).length !== fields.length) {
      throw wrongKey(view, Object.keys(key).join(', '))
    }
    const bytes = this.#key
    bytes.clear()
    const values = fields.map(({ name }) => key[name])
    const [value] = values
    // The key codec writes a lone string key as its UTF-8 bytes; this spares building a column.
    if (view.isTextKey && typeof value === 'string') bytes.raw(encoder.encode(value))
    else view.keys.encodeValues(values, bytes)
    const entity = this.#entity
    entity.clear()
    writeEntity(bytes.bytes, bytes.length, entity)
    return entity.view()
  }

  /** The view as its record says now; parsed again only when the record changed. */
  #open(snapshot: OnlineSnapshot, name: string): OpenView {
    const bytes = snapshot.get(viewRecordKey(name))
    if (bytes === undefined) throw unknownView(snapshot, name)
    const known = this.#views.get(name)
    if (known !== undefined && Buffer.compare(known.bytes, bytes) === 0) return known
    const record = decodeViewRecord(bytes)
    const generation = record.generations.find((each) => each.generation === record.current)
    if (generation === undefined) throw unknownView(snapshot, name)
    const { key, fields, order } = generation.definition
    const orderType = fields.find((field) => field.name === order)?.type.kind
    const view: OpenView = {
      bytes: Uint8Array.from(bytes),
      record,
      generation,
      prefix: generationPrefix(name, record.current),
      keys: keyCodec(key),
      isTextKey: key.length === 1 && key[0]?.type.kind === 'string' && !key[0].nullable,
      rows: rowCodec({ fields }),
      isTimed: orderType === 'timestamp',
    }
    this.#views.set(name, view)
    return view
  }
}

/** Status of one feature of an answer: a null value of a present row is `null_value`. */
export function featureStatus(
  answer: OnlineAnswer,
  feature: string,
): OnlineAnswer['status'] | 'null_value' {
  const isNullValue = answer.status === 'present' && answer.values?.[feature] === null
  return isNullValue ? 'null_value' : answer.status
}

function missing(readClock: OnlineAnswer['readClock']): OnlineAnswer {
  return {
    status: 'not_found',
    values: undefined,
    eventTime: undefined,
    knownTime: undefined,
    epoch: undefined,
    ageMs: undefined,
    readClock,
  }
}

function unknownView(snapshot: OnlineSnapshot, name: string): ConfigError {
  const { from, to } = viewRecordRange
  const names = Array.from(snapshot.range(from, to), (each) => decodeViewRecord(each.value).name)
  return new ConfigError({
    code: 'VIEW_UNKNOWN',
    message: `there is no online view "${name}"`,
    expected: names.length === 0 ? 'a view' : `one of ${names.join(', ')}`,
    found: names.length === 0 ? 'no view in the store' : `"${name}"`,
    remedy: 'Run the job that fills it, or correct the name.',
  })
}

function wrongKey(view: OpenView, found: string): ConfigError {
  return new ConfigError({
    code: 'VIEW_KEY',
    message: `the online view "${view.record.name}" is looked up by other columns`,
    expected: view.keys.fields.map((field) => field.name).join(', '),
    found: found === '' ? 'none' : found,
    remedy: 'Give exactly these columns.',
  })
}
