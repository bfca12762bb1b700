import { execFileSync } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import fc from 'fast-check'
import { describe, expect, onTestFinished, test } from 'vitest'
import {
  type FileSink,
  type FileSinkOptions,
  fileSink,
  fileSource,
} from '../../../connectors/files/index.ts'
import { rowEncoder } from '../../../connectors/log/index.ts'
import {
  batchOfRows,
  Change,
  columnAt,
  type RecordBatch,
  valueAt,
} from '../../../engine/batch/index.ts'
import type { DecisionStores } from '../../../engine/connector.ts'
import { jsonDecoder } from '../../../engine/json/index.ts'
import * as s from '../../../engine/schema/index.ts'
import { batchesOf, schemas } from '../../engine/codec/random-batch.ts'
import { MemoryStores, temporaryFolder } from '../../support/connectors.ts'
import { requireOrSkip } from '../../support/skip.ts'

const ORDERS = s.schema({
  id: s.string(),
  total: s.decimal(10, 2).nullable(),
  note: s.string().nullable(),
  tags: s.list(s.string()),
  at: s.timestamp(),
})

interface Run {
  readonly path: string
  readonly stores: MemoryStores
  readonly schema: s.Schema<unknown>
}

function freshRun(schema: s.Schema<unknown> = ORDERS): Run {
  return { path: join(temporaryFolder(), 'out.csv'), stores: new MemoryStores(), schema }
}

async function start(run: Run, options: Partial<FileSinkOptions> = {}): Promise<FileSink> {
  const { path, stores, schema } = run
  const encoder = rowEncoder(schema, 'json')
  const sink = fileSink({ path, name: 'out', encoder, schema, ...options })
  onTestFinished(() => sink.close())
  await sink.recover((store, key) => stores.get(store, key))
  return sink
}

/** Flushes an epoch; gives its part of the deciding transaction. */
async function flush(sink: FileSink) {
  const steps: ((stores: DecisionStores) => void)[] = []
  await sink.flush({ slot: 0, term: 1, epoch: 1, during: (step) => steps.push(step) })
  return (stores: DecisionStores) => {
    for (const step of steps) step(stores)
  }
}

async function decide(sink: FileSink, { stores }: Run): Promise<void> {
  const step = await flush(sink)
  step(stores)
}

function batch(rows: readonly Record<string, unknown>[], changes?: readonly number[]) {
  const times = rows.map(() => 0)
  const given = rows.map((row) => ({ id: 'a', total: null, note: null, tags: [], at: 0, ...row }))
  return batchOfRows(ORDERS, given, {
    eventTimes: times,
    watermarksBefore: times,
    changes: changes && Uint8Array.from(changes),
  })
}

const textOf = (run: Run) => readFileSync(run.path, 'utf8')
const HEADER = 'id,total,note,tags,at\n'
const TIME = '1970-01-01T00:00:00.000Z'

function valuesOf(given: RecordBatch): unknown[][] {
  return Array.from({ length: given.length }, (_, row) =>
    given.schema.fields.map((field, i) => valueAt(columnAt(given, i), field.type, row)),
  )
}

/** What our source reads from a file: the values, and `refused` for a record that is none. */
function readBack(path: string, schema: s.Schema<unknown>): unknown[][] {
  const reader = fileSource(path).open(0, jsonDecoder(schema), 0, undefined)
  const rows: unknown[][] = []
  for (let records = reader.poll(); records !== undefined; records = reader.poll()) {
    rows.push(...records.rejected.map(() => ['refused']))
    for (let row = 0; row < records.length; row++) {
      rows.push(
        schema.fields.map((field, i) => {
          const column = records.columns[i]
          return column && valueAt(column, field.type, row)
        }),
      )
    }
  }
  reader.close()
  return rows
}

/** Schemas that CSV can hold: one nullable column alone would give empty lines. */
const csvSchemas = schemas.filter(
  ({ fields }) => fields.length > 1 || fields[0]?.nullable === false,
)

test('a header, then a line a row; quotes only where RFC 4180 needs them', async () => {
  const run = freshRun()
  const sink = await start(run)
  sink.write(
    batch([
      { id: 'plain', total: '12.50', note: 'x y', tags: [] },
      { id: 'a,b', total: null, note: '', tags: ['p', 'q"r'] },
      { id: 'say "hi"', total: '-0.05', note: 'two\nlines\r', tags: [] },
    ]),
  )
  await decide(sink, run)
  expect(textOf(run)).toBe(
    `${HEADER}plain,12.50,x y,[],${TIME}\n` +
      `"a,b",,"","[""p"",""q\\""r""]",${TIME}\n` +
      `"say ""hi""",-0.05,"two\nlines\r",[],${TIME}\n`,
  )
  expect(sink.rows).toBe(3)
})

test('every row of every type comes back through the CSV source as it does from JSON', async () => {
  await fc.assert(
    fc.asyncProperty(
      csvSchemas.chain((schema) => fc.tuple(fc.constant(schema), batchesOf(schema))),
      async ([schema, given]) => {
        const run = freshRun(schema)
        const sink = await start(run)
        sink.write({ ...given, changes: undefined })
        await decide(sink, run)
        const found = readBack(run.path, schema)
        const json = { ...run, path: run.path.replace('csv', 'jsonl'), stores: new MemoryStores() }
        const twin = await start(json)
        twin.write({ ...given, changes: undefined })
        await decide(twin, json)
        expect(found).toEqual(readBack(json.path, schema))
        // Only years from 1 to 9999 have a text that is read back.
        if (!found.some(([value]) => value === 'refused')) expect(found).toEqual(valuesOf(given))
      },
    ),
    { numRuns: 80 },
  )
})

test('rows of a changelog begin with the column op', async () => {
  const run = freshRun()
  const sink = await start(run, { isChangelog: true })
  const { updateBefore, updateAfter, delete: gone } = Change
  sink.write(batch([{}]))
  sink.write(batch([{}, { id: 'b' }, { id: 'b' }], [updateBefore, updateAfter, gone]))
  await decide(sink, run)
  const rest = `,,,[],${TIME}`
  expect(textOf(run)).toBe(`op,${HEADER}+I,a${rest}\n-U,a${rest}\n+U,b${rest}\n-D,b${rest}\n`)
})

describe('after a crash', () => {
  test('the file is cut back to what was decided; the header is not written again', async () => {
    const run = freshRun()
    const first = await start(run)
    first.write(batch([{ id: 'one' }]))
    await decide(first, run)
    const decided = textOf(run)
    first.write(batch([{ id: 'two' }]))
    await flush(first) // Flushed, but the transaction was not made.
    expect(textOf(run).length).toBeGreaterThan(decided.length)
    const second = await start(run)
    expect(textOf(run)).toBe(decided)
    second.write(batch([{ id: 'three' }]))
    await decide(second, run)
    expect(textOf(run)).toBe(`${HEADER}one,,,[],${TIME}\nthree,,,[],${TIME}\n`)
  })

  test('before the first decision the header goes too, and is there once in the end', async () => {
    const run = freshRun()
    const first = await start(run)
    first.write(batch([{ id: 'lost' }]))
    await flush(first)
    expect(textOf(run)).toContain('lost')
    const second = await start(run)
    expect(textOf(run)).toBe('')
    await decide(second, run)
    expect(textOf(run)).toBe(HEADER)
    const third = await start(run)
    third.write(batch([{ id: 'kept' }]))
    await decide(third, run)
    expect(textOf(run)).toBe(`${HEADER}kept,,,[],${TIME}\n`)
  })

  test('other columns than those of the header are refused, and the file stays', async () => {
    const run = freshRun()
    await decide(await start(run), run)
    const wider = s.schema({ id: s.string(), more: s.int32() })
    await expect(start({ ...run, schema: wider })).rejects.toThrow(
      /OUTPUT_COLUMNS: .*expected id,total,note,tags,at; found id,more/,
    )
    expect(textOf(run)).toBe(HEADER)
  })
})

test('columns that CSV can not hold are refused by name', async () => {
  const one = s.schema({ note: s.string().nullable() })
  await expect(start(freshRun(one))).rejects.toThrow(/CSV_COLUMNS: .*"note", nullable/)
  const op = s.schema({ op: s.string(), n: s.int32() })
  await expect(start(freshRun(op), { isChangelog: true })).rejects.toThrow(/CSV_COLUMNS: .*"op"/)
  await start(freshRun(op))
  const marked = s.schema({ '\ufeffid': s.string(), n: s.int32() })
  await expect(start(freshRun(marked))).rejects.toThrow(/CSV_COLUMNS: .*byte order mark/)
})

requireOrSkip(
  "Python's csv module",
  { name: 'python3', found: python(), remedy: 'install Python 3' },
  (program) => {
    test('reads the same fields', async () => {
      const text = fc.stringMatching(/^[a-z,"\n\r ;']{0,8}$/)
      const rows = fc.array(fc.record({ id: text, note: fc.option(text) }), {
        minLength: 1,
        maxLength: 20,
      })
      await fc.assert(
        fc.asyncProperty(rows, async (given) => {
          const run = freshRun()
          const sink = await start(run)
          sink.write(batch(given))
          await decide(sink, run)
          const read = execFileSync(program, ['-c', READ_CSV, run.path], { encoding: 'utf8' })
          const found: string[][] = JSON.parse(read)
          expect(found[0]).toEqual(['id', 'total', 'note', 'tags', 'at'])
          expect(found.slice(1).map(([id, , note]) => [id, note])).toEqual(
            given.map(({ id, note }) => [id, note ?? '']),
          )
        }),
        { numRuns: 8 },
      )
    })
  },
)

const READ_CSV = `
import csv, json, sys
with open(sys.argv[1], newline='', encoding='utf-8') as file:
    print(json.dumps(list(csv.reader(file, strict=True))))
`

function python(): string | undefined {
  try {
    execFileSync('python3', ['-c', 'import csv'])
    return 'python3'
  } catch {
    return undefined
  }
}

test('a file of quoted lists and texts is read back by the source whatever wrote it', () => {
  const path = join(temporaryFolder(), 'in.csv')
  writeFileSync(path, 'id,tags\r\na,"[""x"",""y""]"\r\n"b",[]\r\n')
  const schema = s.schema({ id: s.string(), tags: s.list(s.string()) })
  expect(readBack(path, schema)).toEqual([
    ['a', ['x', 'y']],
    ['b', []],
  ])
})
