import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { appendFileSync, mkdirSync, truncateSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import fc from 'fast-check'
import { expect, onTestFinished, test } from 'vitest'
import { decodeBookmark, fileSource } from '../../../connectors/files/index.ts'
import type { PartitionReader, SourceRecords } from '../../../engine/connector.ts'
import { numbered, numberedDecoder, numbersOf, temporaryFolder } from '../../support/connectors.ts'

const lines = (from: number, to: number) =>
  Array.from({ length: to - from }, (_, i) => `${numbered(from + i)}\n`).join('')

const range = (from: number, to: number) => Array.from({ length: to - from }, (_, i) => from + i)

function fileOf(content: string | Uint8Array): string {
  const path = join(temporaryFolder(), 'orders.jsonl')
  writeFileSync(path, content)
  return path
}

function openFile(path: string, offset = 0, bookmark?: Uint8Array): PartitionReader {
  const reader = fileSource(path).open(0, numberedDecoder(), offset, bookmark)
  onTestFinished(() => reader.close())
  return reader
}

function drain(reader: PartitionReader): SourceRecords[] {
  const all: SourceRecords[] = []
  for (;;) {
    const records = reader.poll()
    if (records === undefined) return all
    all.push(records)
  }
}

test('lines come in order with their ordinals as offsets, and the file ends', () => {
  const reader = openFile(fileOf(lines(0, 3000)))
  expect(reader.isEnded).toBe(false)
  const read = drain(reader)
  expect(read.flatMap(numbersOf)).toEqual(range(0, 3000))
  expect(read.flatMap(({ offsets }) => [...offsets])).toEqual(range(0, 3000))
  expect(read.at(-1)?.nextOffset).toBe(3000)
  expect(reader.isEnded).toBe(true)
})

test('empty lines, a byte order mark, CRLF and a missing last newline are understood', () => {
  const reader = openFile(fileOf(`\uFEFF${numbered(1)}\r\n\n\r\n${numbered(2)}\n\n${numbered(3)}`))
  const read = drain(reader)
  expect(read.flatMap(numbersOf)).toEqual([1, 2, 3])
  expect(read.flatMap(({ offsets }) => [...offsets])).toEqual([0, 3, 5])
  expect(reader.isEnded).toBe(true)
})

test('an empty file has ended after one look', () => {
  const reader = openFile(fileOf(''))
  expect(reader.poll()).toBeUndefined()
  expect(reader.isEnded).toBe(true)
})

test('lines larger than the read buffer are read whole', () => {
  const long = `{"n":1,"name":"${'x'.repeat(3_000_000)}"}\n`
  const read = drain(openFile(fileOf(`${lines(0, 1)}${long}${lines(2, 3)}`)))
  expect(read.flatMap(numbersOf)).toEqual([0, 1, 2])
  expect(read.flatMap(({ rejected }) => rejected)).toEqual([])
})

test('a line above the bound is one rejected record in bounded memory, and reading goes on', () => {
  const long = `{"n":1,"name":"${'x'.repeat(40_000_000)}"}\n`
  const reader = openFile(fileOf(`${lines(0, 1)}${long}${lines(2, 3)}`))
  const read = drain(reader)
  expect(read.flatMap(numbersOf)).toEqual([0, 2])
  expect(read.flatMap(({ offsets }) => [...offsets])).toEqual([0, 2])
  const rejected = read.flatMap((records) => records.rejected)
  expect(rejected.map(({ offset, code }) => [offset, code])).toEqual([[1, 'RECORD_TOO_LARGE']])
  expect(rejected[0]?.raw.length).toBeLessThan(10_000)
  expect(reader.isEnded).toBe(true)
})

test('a run goes on exactly after the records that were decided', () => {
  const path = fileOf(lines(0, 5000))
  const first = openFile(path)
  const seen = [first.poll(), first.poll()]
  const bookmark = first.bookmark()
  const second = openFile(path, seen.at(-1)?.nextOffset, bookmark)
  const numbers = [...seen.flatMap(numbersOf), ...drain(second).flatMap(numbersOf)]
  expect(numbers).toEqual(range(0, 5000))
})

test('any text is read alike in one go and cut at any poll', () => {
  const line = fc.oneof(
    fc.nat(99).map(numbered),
    fc.constant(''),
    fc.constant('{"n":'),
    fc.constant('{"n":1,"name":"a\\nb"}'),
  )
  const text = fc.tuple(fc.array(line, { maxLength: 40 }), fc.boolean())
  fc.assert(
    fc.property(text, fc.nat(3), ([rows, ends], polls) => {
      const path = fileOf(rows.join('\n') + (ends && rows.length > 0 ? '\n' : ''))
      const whole = drain(openFile(path))
      const reader = openFile(path)
      const before = Array.from({ length: polls }, () => reader.poll()).filter(
        (r) => r !== undefined,
      )
      const next = before.at(-1)?.nextOffset ?? 0
      const after = drain(openFile(path, next, before.length === 0 ? undefined : reader.bookmark()))
      const summary = (read: SourceRecords[]) => [
        read.flatMap(numbersOf),
        read.flatMap(({ offsets }) => [...offsets]),
        read.flatMap(({ rejected }) => rejected.map(({ offset, code }) => `${offset} ${code}`)),
      ]
      expect(summary([...before, ...after])).toEqual(summary(whole))
      const expected = rows.filter((row) => row.startsWith('{') && row.endsWith('}')).length
      expect(whole.flatMap(numbersOf)).toHaveLength(expected)
    }),
    { numRuns: 60 },
  )
})

test('a file that only grew goes on', () => {
  const path = fileOf(lines(0, 10))
  const first = openFile(path)
  drain(first)
  appendFileSync(path, lines(10, 20))
  expect(drain(openFile(path, 10, first.bookmark())).flatMap(numbersOf)).toEqual(range(10, 20))
})

test('a last line without newline may get its newline, but may not go on', () => {
  const path = fileOf(lines(0, 2).trimEnd())
  const first = openFile(path)
  expect(drain(first).flatMap(numbersOf)).toEqual([0, 1])
  const bookmark = first.bookmark()
  appendFileSync(path, `\n${lines(2, 3)}`)
  const second = openFile(path, 2, bookmark)
  const read = drain(second)
  expect(read.flatMap(numbersOf)).toEqual([2])
  expect(read.flatMap(({ offsets }) => [...offsets])).toEqual([2])
  writeFileSync(path, `${lines(0, 2).trimEnd()} more\n`)
  expect(() => openFile(path, 2, bookmark)).toThrow(/INPUT_CHANGED/)
})

test('a file with another beginning, or a shorter one, is refused with what was expected', () => {
  const path = fileOf(lines(0, 10))
  const first = openFile(path)
  drain(first)
  const bookmark = first.bookmark() ?? new Uint8Array(0)
  const { position, length } = decodeBookmark(bookmark)
  expect([position, length]).toEqual([lines(0, 10).length, lines(0, 10).length])
  writeFileSync(path, lines(0, 10).replace('name-3', 'name-4'))
  expect(() => openFile(path, 10, bookmark)).toThrow(/INPUT_CHANGED.*CRC32C/)
  writeFileSync(path, lines(0, 10))
  truncateSync(path, 100)
  expect(() => openFile(path, 10, bookmark)).toThrow(/INPUT_CHANGED.*expected at least/)
})

test('missing files, folders and no file are named errors', () => {
  const folder = temporaryFolder()
  expect(() => openFile(join(folder, 'none.jsonl'))).toThrow(/INPUT_MISSING: .*none\.jsonl/)
  mkdirSync(join(folder, 'deep.jsonl'))
  expect(() => openFile(join(folder, 'deep.jsonl'))).toThrow(/INPUT_NOT_A_FILE/)
  expect(() => openFile(join(fileOf(''), 'x'))).toThrow(/INPUT_UNREADABLE.*ENOTDIR/)
  expect(() => fileSource([])).toThrow(/INPUT_MISSING/)
  expect(() => fileSource(['a.jsonl', '-'])).toThrow(/- alone/)
})

test('several files are several partitions', () => {
  const paths = [fileOf(lines(0, 2)), fileOf(lines(7, 9))]
  const source = fileSource(paths)
  expect(source.partitions).toBe(2)
  const read = [0, 1].map((partition) => {
    const reader = source.open(partition, numberedDecoder(), 0, undefined)
    onTestFinished(() => reader.close())
    return drain(reader).flatMap(numbersOf)
  })
  expect(read).toEqual([
    [0, 1],
    [7, 8],
  ])
})

test('standard input is read as it comes, also in pieces that cut lines', async () => {
  const program = fileURLToPath(new URL('read-stdin.ts', import.meta.url))
  const child = spawn(process.execPath, ['--import', 'tsx', program], {
    stdio: ['pipe', 'pipe', 'inherit'],
  })
  let output = ''
  child.stdout.on('data', (data) => {
    output += data
  })
  const text = lines(0, 5000)
  for (const piece of [text.slice(0, 33), text.slice(33, 100_000), text.slice(100_000)]) {
    if (!child.stdin.write(piece)) await once(child.stdin, 'drain')
  }
  child.stdin.end()
  const [code] = await once(child, 'close')
  expect(code).toBe(0)
  expect(JSON.parse(output)).toEqual(range(0, 5000))
})
