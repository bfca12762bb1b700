// Generators of the JSON tests: texts of numbers, strings and records that are mostly what a schema
// wants, and changes of single bytes.
import fc from 'fast-check'

const encoder = new TextEncoder()

const space = fc.constantFrom('', '', '', ' ', '\t', '\r', '  ')

/** JSON text of a string with some characters escaped, as any producer may do. */
export const stringText = fc
  .tuple(fc.string({ unit: 'grapheme', maxLength: 12 }), fc.integer({ min: 0, max: 6 }))
  .map(([value, every]) =>
    JSON.stringify(value).replace(/[a-z]/g, (letter, at) =>
      every > 0 && at % every === 5
        ? `\\u${letter.charCodeAt(0).toString(16).padStart(4, '0')}`
        : letter,
    ),
  )

export const numberText = fc.oneof(
  fc.integer().map(String),
  fc.bigInt({ min: -(1n << 70n), max: 1n << 70n }).map(String),
  fc.double({ noNaN: true, noDefaultInfinity: true }).map((value) => JSON.stringify(value)),
  fc
    .tuple(fc.integer(), fc.nat(999_999), fc.integer({ min: -30, max: 30 }))
    .map(([whole, fraction, exponent]) => `${whole}.${fraction}e${exponent}`),
  fc.tuple(fc.integer(), fc.nat(99)).map(([whole, cents]) => `${whole}.${cents}`),
  fc.constantFrom('0', '-0', '1e3', '1.0', '1E+2', '-0.0', '9007199254740993', '1e400', '12.50'),
)

export const otherText = fc.oneof(
  fc.constantFrom('null', 'true', 'false', '""', '[]', '{}'),
  fc.json({ maxDepth: 3 }),
)

const textOf = {
  flag: fc.constantFrom('true', 'false'),
  small: fc.integer().map(String),
  id: fc.oneof(
    fc.integer().map(String),
    fc.bigInt({ min: -(1n << 64n), max: 1n << 64n }).map((value) => `"${value}"`),
  ),
  ratio: fc.oneof(numberText, fc.constantFrom('"NaN"', '"Infinity"', '"-Infinity"')),
  price: fc
    .tuple(fc.integer({ min: -99999, max: 99999 }), fc.nat(99), fc.boolean())
    .map(([whole, cents, quoted]) => (quoted ? `"${whole}.${cents}"` : `${whole}.${cents}`)),
  name: stringText,
  city: fc.constantFrom('"berlin"', '"paris"', '"köln"', '"a\\u0062c"', '""'),
  time: fc.oneof(
    fc.integer({ min: 0, max: 2 ** 41 }).map(String),
    fc.date({ noInvalidDate: true }).map((value) => JSON.stringify(value)),
  ),
  day: fc.constantFrom('"2024-02-29"', '"2024-12-31"', '"0001-01-01"', '"9999-12-31"'),
  blob: fc.uint8Array({ maxLength: 8 }).map((v) => `"${Buffer.from(v).toString('base64')}"`),
  tags: fc.array(fc.oneof(stringText, fc.constant('null')), { maxLength: 3 }).map(listText),
  place: fc
    .tuple(fc.integer(), stringText)
    .map(([x, y]) => (x % 2 === 0 ? `{"x":${x},"y":${y}}` : `{"y":${y}, "x":${x}}`)),
} as const

function listText(items: readonly string[]): string {
  return `[${items.join(',')}]`
}

/** A key that is usually right, its value usually of the right type. */
const members = fc.tuple(
  ...Object.entries(textOf).map(([key, text]) =>
    fc
      .tuple(
        fc.oneof({ weight: 60, arbitrary: text }, { weight: 1, arbitrary: otherText }),
        fc.integer({ min: 0, max: 59 }),
        space,
      )
      .map(([value, chance, gap]) =>
        chance === 0 ? undefined : `${gap}${JSON.stringify(key)}${gap}:${gap}${value}${gap}`,
      ),
  ),
)

export const recordText = fc
  .tuple(
    members,
    fc.array(fc.tuple(stringText, otherText), { maxLength: 2 }),
    fc.option(fc.integer({ min: 0, max: 1 << 20 }), { nil: 0 }),
  )
  .map(([own, unknown, order]) => {
    const parts = own.filter((part) => part !== undefined)
    for (const [key, value] of unknown) parts.push(`${key}:${value}`)
    // Most records keep the order of keys; some are rotated.
    const turn = order % 8 === 0 ? order % Math.max(1, parts.length) : 0
    return `{${[...parts.slice(turn), ...parts.slice(0, turn)].join(',')}}`
  })

export const mutation = fc.record({
  at: fc.double({ min: 0, max: 1, noNaN: true }),
  byte: fc.oneof(fc.nat(255), fc.constantFrom(...encoder.encode('"\\{}[]:,0123456789-+.eE nul'))),
  kind: fc.constantFrom('replace', 'insert', 'delete', 'repeat'),
})

/** The text with one change made. */
export function mutated(
  text: Uint8Array,
  change: typeof mutation extends fc.Arbitrary<infer M> ? M : never,
) {
  const at = Math.floor(change.at * text.length)
  const head = [...text.subarray(0, at)]
  const tail = [...text.subarray(at)]
  switch (change.kind) {
    case 'replace':
      return Uint8Array.from([...head, change.byte, ...tail.slice(1)])
    case 'insert':
      return Uint8Array.from([...head, change.byte, ...tail])
    case 'delete':
      return Uint8Array.from([...head, ...tail.slice(1)])
    default:
      return Uint8Array.from([...head, ...tail.slice(0, 8), ...tail])
  }
}
