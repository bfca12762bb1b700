// FeatureWriter: answers of online views as JSON text. Values are rows in the format of JSON rows, so
// that decimals, int64 and microseconds keep all their digits; times are ISO 8601.
import { ByteWriter, batchOfRows } from '../batch/index.ts'
import { JsonWriter } from '../json/index.ts'
import type { Field } from '../schema/index.ts'
import type { FeatureAnswer, FeatureKey, FeatureView } from './api-source.ts'
import { timeText } from './time-text.ts'

interface ViewWriter {
  readonly fields: readonly Field[]
  readonly rows: JsonWriter
  readonly keyNames: readonly string[]
}

const encoder = new TextEncoder()
const NO_VALUES = encoder.encode('null')

export class FeatureWriter {
  readonly #out = new ByteWriter(4096)
  readonly #writers = new Map<string, ViewWriter>()

  /** `{"view", "key", "status", "values", …}`. */
  one(view: FeatureView, key: FeatureKey, answer: FeatureAnswer): Buffer {
    const out = this.#out
    out.clear()
    this.#text(`{"view":${JSON.stringify(view.name)},`)
    this.#answers(view, [key], [answer])
    this.#text('}')
    return Buffer.from(out.toBytes())
  }

  /** `{"view", "answers": [{"key", "status", "values", …}, …]}`, in the order of the keys. */
  many(view: FeatureView, keys: readonly FeatureKey[], answers: readonly FeatureAnswer[]): Buffer {
    const out = this.#out
    out.clear()
    this.#text(`{"view":${JSON.stringify(view.name)},"answers":[`)
    if (answers.length > 0) this.#text('{')
    this.#answers(view, keys, answers)
    this.#text(answers.length > 0 ? '}]}' : ']}')
    return Buffer.from(out.toBytes())
  }

  /** The members of all answers, without the brackets of the first and the last. */
  #answers(
    view: FeatureView,
    keys: readonly FeatureKey[],
    answers: readonly FeatureAnswer[],
  ): void {
    const writer = this.#writer(view)
    const rows = answers.flatMap(({ values }) => (values === undefined ? [] : [values]))
    const times = new Float64Array(rows.length)
    const batch = batchOfRows({ fields: view.fields }, rows, {
      eventTimes: times,
      watermarksBefore: times,
    })
    let row = 0
    answers.forEach((answer, i) => {
      if (i > 0) this.#text('},{')
      const key = keys[i] ?? []
      const entries = writer.keyNames.map((name, at) => `${name}:${JSON.stringify(key[at])}`)
      this.#text(`"key":{${entries.join(',')}},"status":"${answer.status}","values":`)
      if (answer.values === undefined) this.#out.raw(NO_VALUES)
      else writer.rows.writeRow(batch, row++)
      this.#text(facts(answer))
    })
  }

  /** The rows' writer; a view whose columns changed gets a new one. */
  #writer(view: FeatureView): ViewWriter {
    const known = this.#writers.get(view.name)
    if (known !== undefined && known.fields === view.fields) return known
    const { fields } = view
    const rows = new JsonWriter({ fields }, this.#out)
    const keyNames = view.key.map((field) => JSON.stringify(field.name))
    const writer = { fields, rows, keyNames }
    this.#writers.set(view.name, writer)
    return writer
  }

  #text(text: string): void {
    this.#out.raw(encoder.encode(text))
  }
}

function facts(answer: FeatureAnswer): string {
  const { eventTime, knownTime, epoch, ageMs, readClock } = answer
  const times = `"eventTime":${quoted(eventTime)},"knownTime":${quoted(knownTime)}`
  const age = ageMs === undefined || !Number.isFinite(ageMs) ? null : ageMs
  return `,${times},"epoch":${epoch ?? null},"ageMs":${age},"readClock":"${readClock}"`
}

function quoted(micros: number | undefined): string {
  const text = timeText(micros)
  return text === null ? 'null' : `"${text}"`
}
