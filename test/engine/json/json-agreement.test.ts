// The laws of the decoder, on random documents: it accepts what JSON.parse accepts, with the same
// values; and a decoder that has learned layouts answers as a fresh one, whatever the bytes.
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { jsonDecoder } from '../../../engine/json/index.ts'
import {
  bool,
  bytes,
  date,
  decimal,
  float64,
  int32,
  int64,
  list,
  schema,
  string,
  struct,
  timestamp,
} from '../../../engine/schema/index.ts'
import { bytesOf, decodeText, decodeValues } from './decoding.ts'
import { mutated, mutation, numberText, otherText, recordText, stringText } from './documents.ts'

const strict = new TextDecoder('utf-8', { fatal: true })
const lossless = new TextDecoder('utf-8', { ignoreBOM: true })
const encoder = new TextEncoder()

const typed = schema({
  flag: bool().nullable(),
  small: int32().nullable(),
  id: int64(),
  ratio: float64().nullable(),
  price: decimal(12, 2).nullable(),
  name: string().nullable(),
  city: string(),
  time: timestamp({ unit: 'ms' }).nullable(),
  day: date().nullable(),
  blob: bytes().nullable(),
  tags: list(string().nullable()).nullable(),
  place: struct({ x: int64(), y: string().nullable() }).nullable(),
})

function parsed(text: Uint8Array): { readonly value: unknown } | undefined {
  try {
    const value: unknown = JSON.parse(strict.decode(text))
    return { value }
  } catch {
    return undefined
  }
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

describe('the decoder and JSON.parse', () => {
  const loose = schema({ x: string().nullable() })

  function checkDocument(text: Uint8Array) {
    const found = decodeValues(jsonDecoder(loose, { wrongTypes: 'null' }), [text])
    const expected = parsed(text)
    if (expected === undefined) {
      expect(found.faults.map((fault) => fault.code)).toEqual(['JSON_SYNTAX'])
    } else if (!isObject(expected.value)) {
      expect(found.faults.map((fault) => fault.code)).toEqual(['RECORD_TYPE'])
    } else {
      const { value } = expected
      const x = Object.hasOwn(value, 'x') ? value.x : null
      const text = typeof x === 'string' ? lossless.decode(encoder.encode(x)) : null
      expect(found).toMatchObject({ faults: [], rows: [{ x: text }] })
    }
  }

  test('accept the same documents and give the same strings', () => {
    const document = fc.oneof(
      fc.json({ maxDepth: 5, stringUnit: 'binary' }),
      fc
        .array(fc.tuple(fc.constantFrom('"x"', '"\\u0078"', '"y"', '"__proto__"'), otherText))
        .map((entries) => `{${entries.map(([key, value]) => `${key} : ${value}`).join(',')}}`),
      stringText.map((text) => `{"x":${text}}`),
      fc.string({ unit: 'binary' }).map((value) => JSON.stringify({ x: value })),
    )
    fc.assert(
      fc.property(document, (text) => checkDocument(bytesOf(text))),
      { numRuns: 250 },
    )
  })

  test('accept the same documents after bytes were changed', () => {
    const document = fc.oneof(
      fc.json({ maxDepth: 3 }).map((text) => `{"x":${text}}`),
      stringText.map((text) => `{"x":${text}}`),
      numberText.map((text) => `{"y":${text}}`),
    )
    fc.assert(
      fc.property(document, mutation, (text, change) =>
        checkDocument(mutated(bytesOf(text), change)),
      ),
      { numRuns: 2000 },
    )
  })

  test('agree on every escape, control and broken surrogate', () => {
    const texts = [
      '\\b\\f\\n\\r\\t\\/\\\\\\"',
      '\\ud83d\\ude00',
      '\\ud83d',
      '\\ude00\\ud83d',
      '\\ud83dx',
    ]
    texts.push('\\uD800\\u0041', '\\uDBFF\\uDFFF', '\\u0000', '\\x41', '\\u12g4', '\\u123', '\\')
    texts.push('\u007f', '\u2028', '\ufeff', '\u0001', '\n', '\u{1f600}')
    for (const text of texts) checkDocument(bytesOf(`{"x":"${text}"}`))
    for (const wild of [0xc0, 0xed, 0xf5, 0x80, 0xe2]) {
      checkDocument(Uint8Array.from([...bytesOf('{"x":"'), wild, 0xa0, 0x80, ...bytesOf('"}')]))
    }
  })

  test('let the last of duplicate keys win, and `__proto__` be a key', () => {
    const of = schema({ __proto: int64().nullable(), a: int64() })
    expect(decodeText(of, '{"a":1,"b":0,"\\u0061":2}\n{"__proto__":{"a":5},"a":3}').rows).toEqual([
      { __proto: null, a: 2n },
      { __proto: null, a: 3n },
    ])
    const proto = schema({ ['__proto__']: int64() })
    const [row] = decodeText(proto, '{"__proto__":7}').rows
    expect(Object.entries(row ?? {})).toEqual([['__proto__', 7n]])
  })
})

describe('a decoder that learned layouts and a fresh one', () => {
  function checkSame(texts: readonly Uint8Array[]) {
    const warm = decodeValues(jsonDecoder(typed), texts)
    const rows: unknown[] = []
    const faults: unknown[] = []
    texts.forEach((text, i) => {
      const fresh = decodeValues(jsonDecoder(typed), [text])
      rows.push(...fresh.rows)
      faults.push(...fresh.faults.map((fault) => ({ ...fault, offset: i })))
    })
    expect(warm.rows).toEqual(rows)
    expect(warm.faults).toEqual(faults)
    return rows.length
  }

  test('read the same rows and reject the same records for the same reasons', () => {
    let accepted = 0
    let all = 0
    fc.assert(
      fc.property(fc.array(recordText, { minLength: 1, maxLength: 12 }), (texts) => {
        accepted += checkSame(texts.map(bytesOf))
        all += texts.length
      }),
      { numRuns: 150 },
    )
    // The generator must reach both sides.
    expect(accepted).toBeGreaterThan(all / 4)
    expect(accepted).toBeLessThan(all)
  })

  test('agree on changed bytes of a record whose layout is known', () => {
    const base =
      '{"flag":true,"small":-12,"id":1234567890123,"ratio":12.25,"price":12.50,"name":"né",' +
      '"city":"berlin","time":"2024-01-14T12:00:03.250Z","day":"2024-02-29","blob":"AAEC",' +
      '"extra":[1,{"a":"b"}],"tags":["x",null],"place":{"x":1,"y":"z"}}'
    const known = bytesOf(base)
    fc.assert(
      fc.property(fc.array(mutation, { minLength: 1, maxLength: 24 }), (changes) => {
        const others = changes.map((change) => mutated(known, change))
        checkSame([...Array.from({ length: 10 }, () => known), ...others, known])
      }),
      { numRuns: 150 },
    )
  })

  test('agree on numbers of every length in every column', () => {
    const of = schema({ a: int64().nullable(), b: decimal(14, 3).nullable(), c: float64() })
    const text = numberText.filter((value) => !value.includes('Infinity'))
    const columns = fc.array(fc.tuple(text, text, text), { minLength: 1, maxLength: 8 })
    fc.assert(
      fc.property(columns, (triples) => {
        const values = triples.map(([a, b, c]) => `{"a":${a},"b":${b},"c":${c}}`)
        const seed = '{"a":1,"b":1,"c":1}'
        const warm = decodeValues(jsonDecoder(of, { wrongTypes: 'null' }), [seed, ...values])
        triples.forEach(([a, b, c], i) => {
          const row = warm.rows[i + 1]
          expect(row).toEqual({ a: scaled(a, 0), b: scaledText(b), c: Number(c) })
        })
      }),
      { numRuns: 500 },
    )
  })
})

/** The oracle: a number's text times 10^scale as a whole int64, or null. */
function scaled(text: string, scale: number): bigint | null {
  const match = /^(-?)(\d+)(?:\.(\d+))?(?:[eE]([+-]?\d+))?$/.exec(text)
  if (match === null) throw new Error(text)
  const fraction = match[3] ?? ''
  const exponent = Number(match[4] ?? 0) - fraction.length + scale
  if (Math.abs(exponent) > 500) return null
  const digits = BigInt(`${match[2]}${fraction}`)
  const unit = 10n ** BigInt(Math.abs(exponent))
  if (exponent < 0 && digits % unit !== 0n) return null
  const absolute = exponent < 0 ? digits / unit : digits * unit
  const value = match[1] === '-' ? -absolute : absolute
  return BigInt.asIntN(64, value) === value ? value : null
}

/** The oracle for decimal(14,3), as text. */
function scaledText(text: string): string | null {
  const value = scaled(text, 3)
  if (value === null || value >= 10n ** 14n || value <= -(10n ** 14n)) return null
  const digits = String(value < 0n ? -value : value).padStart(4, '0')
  return `${value < 0n ? '-' : ''}${digits.slice(0, -3)}.${digits.slice(-3)}`
}
