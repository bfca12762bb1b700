// Random expressions, rows and literals for the oracle test: every kind of value, wide integers,
// nulls, texts beyond ASCII, and trees that mix types as far as the type rules allow.
import fc from 'fast-check'
import type { Expression } from '../../../engine/expression/index.ts'
import {
  bool,
  type DataType,
  decimal,
  float64,
  int32,
  int64,
  schema,
  string,
} from '../../../engine/schema/index.ts'

export const columns = schema({
  b: bool().nullable(),
  i: int32().nullable(),
  k: int32(),
  j: int64().nullable(),
  w: int64(),
  f: float64().nullable(),
  d: decimal(10, 2).nullable(),
  e: decimal(38, 10).nullable(),
  s: string().nullable(),
  p: string().nullable(),
})

const text = fc.stringMatching(/^[aAbß€😀 %_,-]{0,6}$/u)
const small = fc.integer({ min: -20, max: 20 })
const int = fc.oneof({ weight: 4, arbitrary: small }, fc.integer())
const long = fc.oneof(
  { weight: 4, arbitrary: small.map(BigInt) },
  fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }),
  fc.bigInt({ min: 2n ** 53n - 2n, max: 2n ** 53n + 2n }),
)
const float = fc.oneof(
  small,
  fc.double(),
  fc.constantFrom(0.5, -0, Number.NaN, Number.POSITIVE_INFINITY, 1e300, 1e-7, 2 ** 31),
)
const cents = fc.oneof({ weight: 4, arbitrary: small }, fc.integer({ min: -1e9, max: 1e9 }))
const money = cents.map((value) => (value / 100).toFixed(2))
const wideDecimal = fc.oneof(
  { weight: 3, arbitrary: small.map((value) => `${value}.5`) },
  fc.bigInt({ min: -(10n ** 27n), max: 10n ** 27n }).map((value) => `${value}.0000000001`),
)

export const rowOf = fc.record({
  b: fc.option(fc.boolean()),
  i: fc.option(int),
  k: int,
  j: fc.option(small.map(BigInt)),
  w: long,
  f: fc.option(float),
  d: fc.option(money),
  e: fc.option(wideDecimal),
  s: fc.option(text),
  p: fc.option(text),
})

type Kind = 'bool' | 'int32' | 'int64' | 'float64' | 'decimal' | 'string'
export const kinds: readonly Kind[] = ['bool', 'int32', 'int64', 'float64', 'decimal', 'string']
const decimalType: DataType = { kind: 'decimal', precision: 20, scale: 4 }
const typeOf: Readonly<Record<Kind, DataType>> = {
  bool: { kind: 'bool' },
  int32: { kind: 'int32' },
  int64: { kind: 'int64' },
  float64: { kind: 'float64' },
  decimal: decimalType,
  string: { kind: 'string' },
}

type Any = fc.Arbitrary<Expression>
const arithmetic = fc.constantFrom('add', 'sub', 'mul', 'div', 'mod')
const comparison = fc.constantFrom('eq', 'ne', 'lt', 'le', 'gt', 'ge')

function column(...names: string[]): Any {
  return fc.constantFrom(...names).map((name) => ({ kind: 'column', name }))
}

function leaf(kind: Kind): Any {
  const literal = (value: fc.Arbitrary<unknown>, type: DataType): Any =>
    value.map((raw) => literalNode(raw, type))
  switch (kind) {
    case 'bool':
      return fc.oneof(column('b'), literal(fc.option(fc.boolean()), typeOf.bool))
    case 'int32':
      return fc.oneof(column('i', 'k'), literal(fc.option(int, { freq: 9 }), typeOf.int32))
    case 'int64':
      return fc.oneof(column('j', 'w'), literal(fc.option(long, { freq: 9 }), typeOf.int64))
    case 'float64':
      return fc.oneof(column('f'), literal(fc.option(float, { freq: 9 }), typeOf.float64))
    case 'decimal':
      return fc.oneof(
        column('d', 'e'),
        literal(fc.option(money, { freq: 9 }), { kind: 'decimal', precision: 12, scale: 2 }),
      )
    case 'string':
      return fc.oneof(column('s', 'p'), literal(fc.option(text, { freq: 9 }), typeOf.string))
  }
}

function literalNode(raw: unknown, type: DataType): Expression {
  if (raw === null || typeof raw === 'boolean') return { kind: 'literal', type, value: raw }
  if (typeof raw === 'bigint') {
    return { kind: 'literal', type, value: { integer: raw.toString() } }
  }
  if (typeof raw === 'string') {
    const value = type.kind === 'decimal' ? { decimal: raw } : raw
    return { kind: 'literal', type, value }
  }
  if (typeof raw !== 'number') throw new Error('no literal')
  if (Number.isNaN(raw)) return { kind: 'literal', type, value: { float: 'NaN' } }
  if (raw === Number.POSITIVE_INFINITY) {
    return { kind: 'literal', type, value: { float: 'Infinity' } }
  }
  if (raw === Number.NEGATIVE_INFINITY) {
    return { kind: 'literal', type, value: { float: '-Infinity' } }
  }
  if (Object.is(raw, -0)) return { kind: 'literal', type, value: { float: '-0' } }
  return { kind: 'literal', type, value: raw }
}

const trees = new Map<string, Any>()

/** Expressions of one kind, at most `depth` operators deep. */
export function tree(kind: Kind, depth: number): Any {
  const known = trees.get(`${kind} ${depth}`) ?? newTree(kind, depth)
  trees.set(`${kind} ${depth}`, known)
  return known
}

function newTree(kind: Kind, depth: number): Any {
  if (depth === 0) return leaf(kind)
  const inner = (of: Kind): Any => tree(of, depth - 1)
  const choices: Any[] = [leaf(kind), ...generic(kind, inner)]
  switch (kind) {
    case 'bool':
      choices.push(...predicates(inner))
      break
    case 'string':
      choices.push(...texts(inner))
      break
    case 'int32':
      choices.push(textCall(inner('string'), fc.constant({ name: 'length' } as const)))
      choices.push(...numbers(inner, ['int32'], 'int32'), castTo(inner, 'int32'))
      break
    case 'int64':
      choices.push(...numbers(inner, ['int32', 'int64'], 'int64'), castTo(inner, 'int64'))
      break
    case 'float64':
      choices.push(...numbers(inner, ['int32', 'float64'], 'float64'), castTo(inner, 'float64'))
      break
    case 'decimal':
      choices.push(...numbers(inner, ['int32', 'int64', 'decimal'], 'decimal'))
      choices.push(castTo(inner, 'decimal'))
  }
  return fc.oneof(...choices)
}

/** CASE and COALESCE; decimals are brought to one type first. */
function generic(kind: Kind, inner: (of: Kind) => Any): Any[] {
  const value =
    kind === 'decimal'
      ? inner(kind).map((operand): Expression => {
          return { kind: 'cast', operand, type: decimalType, onFailure: 'null' }
        })
      : inner(kind)
  return [
    fc
      .tuple(inner('bool'), value, inner('bool'), value, fc.option(value))
      .map(([w1, r1, w2, r2, otherwise]): Expression => {
        const branches = [
          { when: w1, result: r1 },
          { when: w2, result: r2 },
        ]
        return otherwise === null
          ? { kind: 'case', branches }
          : { kind: 'case', branches, otherwise }
      }),
    fc
      .array(value, { minLength: 1, maxLength: 3 })
      .map((operands): Expression => ({ kind: 'coalesce', operands })),
  ]
}

function numbers(inner: (of: Kind) => Any, peers: readonly Kind[], kind: Kind): Any[] {
  const peer = fc.oneof(...peers.map(inner))
  return [
    fc
      .tuple(arithmetic, inner(kind), peer, fc.boolean())
      .map(([operator, a, b, swap]): Expression => {
        const [left, right] = swap ? [b, a] : [a, b]
        return { kind: 'arithmetic', operator, left, right }
      }),
    inner(kind).map((operand): Expression => ({ kind: 'negate', operand })),
  ]
}

function castTo(inner: (of: Kind) => Any, kind: Kind): Any {
  const sources: readonly Kind[] =
    kind === 'float64' ? ['int32', 'int64', 'decimal'] : kinds.slice(1)
  return fc
    .tuple(fc.oneof(...sources.map(inner)), fc.constantFrom('fail', 'null'))
    .map(([operand, onFailure]): Expression => {
      return { kind: 'cast', operand, type: typeOf[kind], onFailure }
    })
}

function predicates(inner: (of: Kind) => Any): Any[] {
  const exact = fc.oneof(inner('int32'), inner('int64'), inner('decimal'))
  const pairs = fc.oneof(
    fc.tuple(exact, exact),
    fc.tuple(inner('float64'), fc.oneof(inner('float64'), inner('int32'))),
    fc.tuple(inner('string'), inner('string')),
    fc.tuple(inner('bool'), inner('bool')),
  )
  return [
    fc
      .tuple(comparison, pairs)
      .map(([operator, [left, right]]): Expression => ({ kind: 'compare', operator, left, right })),
    fc
      .tuple(fc.constantFrom('and', 'or'), inner('bool'), inner('bool'))
      .map(([kind, left, right]): Expression => ({ kind, left, right })),
    inner('bool').map((operand): Expression => ({ kind: 'not', operand })),
    fc
      .constantFrom(...kinds)
      .chain(inner)
      .map((operand): Expression => ({ kind: 'is-null', operand })),
    membership(inner('string'), fc.option(text, { freq: 5 }), typeOf.string),
    membership(inner('int64'), fc.option(long, { freq: 5 }), typeOf.int64),
    textCall(
      inner('string'),
      fc.oneof(
        fc
          .tuple(fc.constantFrom('starts-with', 'ends-with', 'contains'), text)
          .map(([name, part]) => ({ name, text: part })),
        text.map((pattern) => ({ name: 'like', pattern }) as const),
        fc.constant({ name: 'regex-matches', pattern: '^a+b?.$' } as const),
      ),
    ),
  ]
}

function membership(operand: Any, value: fc.Arbitrary<unknown>, type: DataType): Any {
  const values = fc.array(value, { minLength: 1, maxLength: 4 })
  return fc.tuple(operand, values).map(([of, list]): Expression => {
    return { kind: 'in', operand: of, values: list.map((raw) => literalNode(raw, type)) }
  })
}

function texts(inner: (of: Kind) => Any): Any[] {
  const position = fc.integer({ min: 1, max: 4 })
  return [
    textCall(
      inner('string'),
      fc.oneof(
        fc.constantFrom('upper', 'lower', 'trim').map((name) => ({ name })),
        fc.tuple(position, fc.nat(4)).map(([start, length]) => {
          return { name: 'substring', start, length } as const
        }),
        fc.tuple(text, text).map(([search, replacement]) => {
          return { name: 'replace', search, replacement } as const
        }),
        fc.tuple(fc.constantFrom(',', 'a', '😀'), position).map(([separator, index]) => {
          return { name: 'split-part', separator, index } as const
        }),
      ),
    ),
    fc
      .array(inner('string'), { minLength: 1, maxLength: 3 })
      .map((operands): Expression => ({ kind: 'concat', operands })),
  ]
}

function textCall(
  operand: Any,
  call: fc.Arbitrary<Extract<Expression, { kind: 'text' }>['function']>,
): Any {
  return fc
    .tuple(operand, call)
    .map(([of, called]): Expression => ({ kind: 'text', function: called, operand: of }))
}
