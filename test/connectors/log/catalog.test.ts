import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { readCatalog, registerTopics, type TopicPlace } from '../../../connectors/log/index.ts'
import { temporaryFolder } from '../../support/connectors.ts'

const inLog: TopicPlace = { home: 'log' }
const ofFraud: TopicPlace = { home: 'job', job: 'fraud' }

test('topics keep the home they were registered with', async () => {
  const data = `${temporaryFolder()}/data`
  expect(readCatalog(data).size).toBe(0)
  await registerTopics(data, new Map([['orders', inLog]]))
  await registerTopics(
    data,
    new Map<string, TopicPlace>([
      ['features', ofFraud],
      ['orders', inLog],
    ]),
  )
  expect([...readCatalog(data)]).toEqual([
    ['features', ofFraud],
    ['orders', inLog],
  ])
  const moved = registerTopics(data, new Map([['orders', ofFraud]]))
  await expect(moved).rejects.toThrow(/TOPIC_HOME.*expected the shared log; found job "fraud"/)
})

test('writers at the same time lose nothing and leave no lock', async () => {
  const data = temporaryFolder()
  const names = Array.from({ length: 20 }, (_, i) => `topic-${i}`)
  await Promise.all(names.map((name) => registerTopics(data, new Map([[name, inLog]]))))
  expect([...readCatalog(data).keys()].sort()).toEqual(names.sort())
  expect(existsSync(`${data}/catalog.json.lock`)).toBe(false)
})

test('the lock of a dead process is taken over', async () => {
  const data = temporaryFolder()
  // Above the greatest process id that Linux gives.
  writeFileSync(`${data}/catalog.json.lock`, '99999999')
  await registerTopics(data, new Map([['orders', inLog]]))
  expect(readCatalog(data).get('orders')).toEqual(inLog)
})

test('a lock that names no process, as a full disk leaves one, is taken over', async () => {
  const data = temporaryFolder()
  for (const [number, text] of ['', 'x', '-1'].entries()) {
    writeFileSync(`${data}/catalog.json.lock`, text)
    await registerTopics(data, new Map([[`topic-${number}`, inLog]]))
  }
  expect(readCatalog(data).size).toBe(3)
  expect(readdirSync(data)).toEqual(['catalog.json'])
})

test('a damaged catalog is refused with its path', async () => {
  const data = temporaryFolder()
  for (const text of ['{', '[]', '{"topics":{"a":{"home":"moon"}}}']) {
    writeFileSync(`${data}/catalog.json`, text)
    expect(() => readCatalog(data)).toThrow(/CATALOG_CORRUPT: .*catalog\.json/)
    await expect(registerTopics(data, new Map([['b', inLog]]))).rejects.toThrow(/CATALOG_CORRUPT/)
    expect(readFileSync(`${data}/catalog.json`, 'utf8')).toBe(text)
  }
})
