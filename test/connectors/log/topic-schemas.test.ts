import { readFileSync, writeFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import {
  type OpenedTopic,
  openTopicSchemas,
  readCatalog,
  readTopicSchemas,
  registerTopics,
} from '../../../connectors/log/index.ts'
import { int32, type Schema, schema, string } from '../../../engine/schema/index.ts'
import { TestClock, temporaryFolder } from '../../support/connectors.ts'

const narrow = schema({ id: string() })
const wide = schema({ id: string(), n: int32().nullable() })
const broken = schema({ id: int32() })

function opened(key: string, declared: Schema<unknown>, more: Partial<OpenedTopic> = {}) {
  return { key, job: 'fraud', schema: declared, mode: 'full', as: 'declare', ...more } as const
}

function numbersOf(data: string, key: string): number[] | undefined {
  return readTopicSchemas(data)
    .get(key)
    ?.map(({ version }) => version)
}

test('versions stand beside the homes, each with its job, mode and time', async () => {
  const data = temporaryFolder()
  const clock = new TestClock()
  await registerTopics(data, new Map([['orders', { home: 'log' }]]))
  await openTopicSchemas(data, [opened('orders', narrow)], clock)
  clock.advance(1000)
  await openTopicSchemas(data, [opened('orders', wide, { job: 'other' })], clock)
  await registerTopics(data, new Map([['visits', { home: 'log' }]]))
  expect(readTopicSchemas(data).get('orders')).toEqual([
    {
      version: 1,
      schema: { fields: narrow.fields },
      isChangelog: false,
      mode: 'full',
      job: 'fraud',
      registeredMicros: 1_700_000_000_000_000,
    },
    {
      version: 2,
      schema: { fields: wide.fields },
      isChangelog: false,
      mode: 'full',
      job: 'other',
      registeredMicros: 1_700_000_001_000_000,
    },
  ])
  expect([...readCatalog(data).keys()]).toEqual(['orders', 'visits'])
})

test('when one topic of a job is refused, none of them gets a version', async () => {
  const data = temporaryFolder()
  await openTopicSchemas(data, [opened('b', narrow)])
  const before = readFileSync(`${data}/catalog.json`, 'utf8')
  const both = openTopicSchemas(data, [opened('a', narrow), opened('b', broken)])
  await expect(both).rejects.toThrow(/SCHEMA_INCOMPATIBLE.*"b"/)
  expect(readFileSync(`${data}/catalog.json`, 'utf8')).toBe(before)
})

test('jobs that open a topic at the same time get one version after another', async () => {
  const data = temporaryFolder()
  const schemas = Array.from({ length: 12 }, (_, i) =>
    schema({ id: string(), [`n${i}`]: int32().nullable() }),
  )
  await Promise.all(schemas.map((each) => openTopicSchemas(data, [opened('orders', each)])))
  expect(numbersOf(data, 'orders')).toEqual(schemas.map((_, i) => i + 1))
})

test('a reader adds no version, and one that begins anew forgets the earlier ones', async () => {
  const data = temporaryFolder()
  await openTopicSchemas(data, [opened('out', narrow, { as: 'read' })])
  expect(numbersOf(data, 'out')).toBeUndefined()
  await openTopicSchemas(data, [opened('fraud/in', narrow)])
  await openTopicSchemas(data, [opened('fraud/in', wide)])
  await openTopicSchemas(data, [opened('fraud/in', broken, { as: 'begin' })])
  expect(readTopicSchemas(data).get('fraud/in')).toMatchObject([
    { version: 1, schema: { fields: broken.fields } },
  ])
})

test('a topic with updates is refused to readers, whatever its newest version holds', async () => {
  const data = temporaryFolder()
  await openTopicSchemas(data, [opened('totals', narrow, { isChangelog: true })])
  await openTopicSchemas(data, [opened('totals', narrow)])
  expect(numbersOf(data, 'totals')).toEqual([1, 2])
  const read = opened('totals', narrow, { as: 'read', job: 'reader', mode: 'none' })
  await expect(openTopicSchemas(data, [read])).rejects.toThrow(
    /CHANGELOG_INPUT: job "reader" can not read topic "totals".*version 1, of job "fraud"/,
  )
})

test('a damaged version is refused with its path', async () => {
  const data = temporaryFolder()
  await openTopicSchemas(data, [opened('orders', narrow)])
  const text = readFileSync(`${data}/catalog.json`, 'utf8')
  const damages: [string, string][] = [
    ['"kind": "string"', '"kind": "strin"'],
    ['"version": 1,\n        "job"', '"version": 2,\n        "job"'],
    ['"mode": "full"', '"mode": "fuller"'],
    ['"orders": [', '"orders": [4,'],
  ]
  for (const [from, to] of damages) {
    expect(text).toContain(from)
    writeFileSync(`${data}/catalog.json`, text.replace(from, to))
    expect(() => readTopicSchemas(data)).toThrow(/CATALOG_CORRUPT: .*catalog\.json/)
  }
})
