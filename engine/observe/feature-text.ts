// FeatureWriter: answers of online views as JSON text. Values are rows in the format of JSON rows, so
// that decimals, int64 and microseconds keep all their digits; times are ISO 8601. Everything is
// written into one buffer that is kept; each text that leaves is a copy.
import { ByteWriter, batchOfRows } from '../batch/index.ts'
import { JsonWriter, writeTimestamp } from '../json/index.ts'
import type { Field } from '../schema/index.ts'
import type { FeatureAnswer, FeatureKey, FeatureView } from './api-source.ts'

interface ViewWriter {
  readonly fields: readonly Field[]
  readonly rows: JsonWriter
  /** `{"view":"name",` */
  readonly head: Uint8Array
  /** `"key":{"a":` and `,"b":`, before the value of each key column. */
  readonly keys: readonly Uint8Array[]
}

const encoder = new TextEncoder()
const bytesOf = (text: string): Uint8Array => encoder.encode(text)
const PARTS = {
  end: bytesOf('}'),
  answers: bytesOf('"answers":['),
  open: bytesOf('{'),
  next: bytesOf('},{'),
  endAnswers: bytesOf('}]}'),
  endNone: bytesOf(']}'),
  null: bytesOf('null'),
  quote: bytesOf('"'),
  eventTime: bytesOf(',"eventTime":'),
  knownTime: bytesOf(',"knownTime":'),
} as const
/** After the key: the status, up to the values. */
const STATUSES = {
  present: bytesOf('},"status":"present","values":'),
  not_found: bytesOf('},"status":"not_found","values":'),
  outside_max_age: bytesOf('},"status":"outside_max_age","values":'),
} as const

export class FeatureWriter {
  readonly #out = new ByteWriter(4096)
  readonly #writers = new Map<string, ViewWriter>()

  /** `{"view", "key", "status", "values", …}`. */
  one(view: FeatureView, key: FeatureKey, answer: FeatureAnswer): Buffer {
    const writer = this.#begin(view)
    this.#answers(writer, [key], [answer])
    this.#out.raw(PARTS.end)
    return this.#copy()
  }

  /** `{"view", "answers": [{"key", "status", "values", …}, …]}`, in the order of the keys. */
  many(view: FeatureView, keys: readonly FeatureKey[], answers: readonly FeatureAnswer[]): Buffer {
    const writer = this.#begin(view)
    this.#out.raw(PARTS.answers)
    if (answers.length > 0) this.#out.raw(PARTS.open)
    this.#answers(writer, keys, answers)
    this.#out.raw(answers.length > 0 ? PARTS.endAnswers : PARTS.endNone)
    return this.#copy()
  }

  #begin(view: FeatureView): ViewWriter {
    const writer = this.#writer(view)
    this.#out.clear()
    this.#out.raw(writer.head)
    return writer
  }

  #copy(): Buffer {
    return Buffer.from(this.#out.view())
  }

  /** The members of all answers, without the brackets of the first and the last. */
  #answers(
    { fields, rows, keys: keyParts }: ViewWriter,
    keys: readonly FeatureKey[],
    answers: readonly FeatureAnswer[],
  ): void {
    const out = this.#out
    const present = answers.flatMap(({ values }) => (values === undefined ? [] : [values]))
    const times = new Float64Array(present.length)
    const batch = batchOfRows({ fields }, present, { eventTimes: times, watermarksBefore: times })
    let row = 0
    for (let i = 0; i < answers.length; i++) {
      const answer = answers[i]
      const key = keys[i]
      if (answer === undefined || key === undefined) break
      if (i > 0) out.raw(PARTS.next)
      for (let k = 0; k < keyParts.length; k++) {
        out.raw(keyParts[k] ?? PARTS.null)
        this.#text(JSON.stringify(key[k]))
      }
      out.raw(STATUSES[answer.status])
      if (answer.values === undefined) out.raw(PARTS.null)
      else rows.writeRow(batch, row++)
      this.#facts(answer)
    }
  }

  #facts({ eventTime, knownTime, epoch, ageMs, readClock }: FeatureAnswer): void {
    const out = this.#out
    out.raw(PARTS.eventTime)
    this.#time(eventTime)
    out.raw(PARTS.knownTime)
    this.#time(knownTime)
    const age = ageMs === undefined || !Number.isFinite(ageMs) ? null : ageMs
    this.#text(`,"epoch":${epoch ?? null},"ageMs":${age},"readClock":"${readClock}"`)
  }

  #time(micros: number | undefined): void {
    const out = this.#out
    if (micros === undefined || !Number.isFinite(micros)) {
      out.raw(PARTS.null)
      return
    }
    out.raw(PARTS.quote)
    writeTimestamp(micros, out)
    out.raw(PARTS.quote)
  }

  /** The view's writer; a view whose columns changed gets a new one. */
  #writer(view: FeatureView): ViewWriter {
    const known = this.#writers.get(view.name)
    if (known !== undefined && known.fields === view.fields) return known
    const { fields } = view
    const writer: ViewWriter = {
      fields,
      rows: new JsonWriter({ fields }, this.#out),
      head: bytesOf(`{"view":${JSON.stringify(view.name)},`),
      keys: view.key.map(({ name }, i) =>
        bytesOf(`${i === 0 ? '"key":{' : ','}${JSON.stringify(name)}:`),
      ),
    }
    this.#writers.set(view.name, writer)
    return writer
  }

  #text(text: string): void {
    const out = this.#out
    out.reserve(text.length * 3)
    out.length += encoder.encodeInto(text, out.bytes.subarray(out.length)).written
  }
}
