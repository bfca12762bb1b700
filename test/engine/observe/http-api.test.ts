import fastify from 'fastify'
import { describe, expect, test } from 'vitest'
import { ConfigError, StateCorruptError } from '../../../engine/errors.ts'
import { apiRoutes } from '../../../engine/observe/api-routes.ts'
import {
  type ApiOptions,
  type ApiSource,
  apiApp,
  HTTP_LIMITS,
} from '../../../engine/observe/index.ts'
import { TestClock } from '../../support/connectors.ts'
import { apiSource, features, jobView, NOW_MICROS } from './api-fixture.ts'

function api(options: Partial<ApiOptions> = {}, source: ApiSource = apiSource()) {
  const clock = new TestClock()
  clock.micros = NOW_MICROS
  return apiApp(source, { clock, token: undefined, ...options })
}

const get = (url: string, source?: ApiSource) => api({}, source).inject({ url })
const post = (url: string, payload: string | object) =>
  api().inject({ method: 'POST', url, payload })

describe('looking up one key', () => {
  test('gives the row with all digits, times, epoch and age', async () => {
    const response = await get('/features/user_fraud_5m/ann')
    expect(response.statusCode).toBe(200)
    expect(response.headers['content-type']).toBe('application/json; charset=utf-8')
    expect(response.payload).toBe(
      '{"view":"user_fraud_5m","key":{"user_id":"ann"},"status":"present","values":' +
        '{"user_id":"ann","window_end":"2023-11-14T22:13:20.000Z",' +
        '"orders_5min":9007199254740993,"spend_5min":12.50},' +
        '"eventTime":"2023-11-14T22:13:18.000Z","knownTime":"2023-11-14T22:13:19.000Z",' +
        '"epoch":7,"ageMs":1500.25,"readClock":"wall"}',
    )
  })

  test('tells unknown from too old', async () => {
    const unknown = await get('/features/user_fraud_5m/nobody')
    expect(unknown.json()).toMatchObject({ status: 'not_found', values: null, eventTime: null })
    const old = await get('/features/user_fraud_5m/old')
    expect(old.json()).toMatchObject({ status: 'outside_max_age', values: null, epoch: 7 })
  })

  test.each(['a b', 'ä/ö', '100%', '"quoted"', '漢字', '...', 'a?b#c', ' '])(
    'takes the key %j from the address',
    async (key) => {
      const response = await get(`/features/user_fraud_5m/${encodeURIComponent(key)}`)
      expect(response.json()).toMatchObject({ key: { user_id: key }, values: { user_id: key } })
    },
  )

  test('takes further key columns by their names', async () => {
    const response = await get('/features/restaurant_city/Berlin?restaurant=12')
    expect(response.json()).toMatchObject({ key: { city: 'Berlin', restaurant: '12' } })
    const short = await get('/features/restaurant_city/Berlin')
    expect(short.statusCode).toBe(400)
    expect(short.json()).toEqual({
      code: 'VIEW_KEY',
      message: 'the online view "restaurant_city" is looked up by other columns',
      expected: 'city, restaurant',
      found: 'city',
      remedy: 'Give exactly these columns.',
    })
    expect((await get('/features/user_fraud_5m/ann?extra=1')).json().code).toBe('VIEW_KEY')
    expect((await get('/features/restaurant_city/B?restaurant=1&restaurant=2')).statusCode).toBe(
      400,
    )
  })

  test('of a view that there is not lists the views', async () => {
    const response = await get('/features/users/ann')
    expect(response.statusCode).toBe(404)
    expect(response.json()).toMatchObject({
      code: 'VIEW_UNKNOWN',
      expected: 'one of user_fraud_5m, restaurant_city',
      found: '"users"',
    })
    const none = await get('/features/users/ann', { jobs: () => [], features: undefined })
    expect(none.json().expected).toBe('a view; there is none yet')
  })
})

describe('looking up many keys', () => {
  const url = '/features/user_fraud_5m'
  test('answers in the order of the keys', async () => {
    const response = await post(url, { keys: ['bob', 'nobody', 'ann', 'old', 'bob'] })
    const { view, answers } = response.json()
    expect(view).toBe('user_fraud_5m')
    const got = answers.map((each: { key: { user_id: string }; status: string }) => [
      each.key.user_id,
      each.status,
    ])
    expect(got).toEqual([
      ['bob', 'present'],
      ['nobody', 'not_found'],
      ['ann', 'present'],
      ['old', 'outside_max_age'],
      ['bob', 'present'],
    ])
  })

  test('takes keys as values, lists and objects', async () => {
    const keys = [['Berlin', 7], { restaurant: 8, city: 'Bonn' }, ['Ulm', '9007199254740993']]
    const { answers } = (await post('/features/restaurant_city', { keys })).json()
    expect(answers.map((each: { key: object }) => each.key)).toEqual([
      { city: 'Berlin', restaurant: '7' },
      { city: 'Bonn', restaurant: '8' },
      { city: 'Ulm', restaurant: '9007199254740993' },
    ])
    expect((await post(url, { keys: [] })).json().answers).toEqual([])
  })

  test.each([
    ['no keys', {}, 'REQUEST_INVALID'],
    ['a key that is null', { keys: [null] }, 'REQUEST_INVALID'],
    ['something else', { keys: ['a'], limit: 1 }, 'REQUEST_INVALID'],
    ['too many keys', { keys: Array.from({ length: 1001 }, () => 'a') }, 'REQUEST_INVALID'],
    ['an endless key', { keys: ['a'.repeat(2049)] }, 'REQUEST_INVALID'],
    ['a text', 'keys=a', 'MEDIA_TYPE'],
    ['a key of another shape', { keys: [['a', 'b']] }, 'VIEW_KEY'],
    ['a column that there is not', { keys: [{ name: 'a' }] }, 'VIEW_KEY'],
    ['__proto__', { keys: [JSON.parse('{"__proto__": "a"}')] }, 'REQUEST_INVALID'],
  ])('refuses %s', async (_, payload, code) => {
    const response = await post(url, payload)
    expect(response.statusCode).toBeGreaterThanOrEqual(400)
    expect(response.statusCode).toBeLessThan(500)
    expect(Object.keys(response.json())).toEqual(['code', 'message', 'expected', 'found', 'remedy'])
    expect(response.json().code).toBe(code)
  })

  test('refuses broken JSON', async () => {
    const headers = { 'content-type': 'application/json' }
    for (const payload of ['{"keys": [', '']) {
      const response = await api().inject({ method: 'POST', url, headers, payload })
      expect(response.statusCode).toBe(400)
      expect(response.json().code).toBe(payload === '' ? 'BODY_EMPTY' : 'REQUEST_INVALID')
    }
  })

  test('refuses a number that JSON has already rounded', async () => {
    const response = await post('/features/restaurant_city', {
      keys: [['Berlin', 2 ** 53]],
    })
    expect(response.json()).toMatchObject({
      code: 'KEY_INEXACT',
      expected: 'a text with all digits',
    })
  })

  test('takes a thousand keys and no more bytes than allowed', async () => {
    const keys = Array.from({ length: 1000 }, (_, i) => `user-${i}`)
    expect((await post(url, { keys })).json().answers.length).toBe(1000)
    const app = api({ limits: { bodyBytesMax: 100 } })
    const large = await app.inject({ method: 'POST', url, payload: { keys } })
    expect(large.statusCode).toBe(413)
    expect(large.json()).toMatchObject({
      code: 'BODY_TOO_LARGE',
      remedy: 'Ask for fewer keys at once.',
    })
  })
})

describe('probes', () => {
  test('health only says that the process lives', async () => {
    const response = await get('/health', apiSource([jobView({ state: 'failed' })]))
    expect([response.statusCode, response.json()]).toEqual([200, { status: 'alive' }])
  })

  test.each([
    ['running', 200],
    ['starting', 503],
    ['restarting', 503],
    ['stopping', 503],
    ['failed', 503],
  ] as const)('ready of a job that is %s answers %i', async (state, status) => {
    const response = await get('/ready', apiSource([jobView(), jobView({ state })]))
    expect(response.statusCode).toBe(status)
    expect(response.json()).toMatchObject({ isReady: status === 200 })
  })

  test('ready of no job at all is not ready', async () => {
    expect((await get('/ready', apiSource([]))).statusCode).toBe(503)
  })
})

describe('jobs and metrics', () => {
  test('jobs show what each task waits for', async () => {
    const { jobs } = (await get('/jobs')).json()
    expect(jobs[0].slots[0].tasks[0].waitsFor.channel).toBe('orders/1')
  })

  test('metrics are in Prometheus’ format, requests by route without their keys', async () => {
    const app = api()
    await app.inject({ url: '/features/user_fraud_5m/zoe' })
    const response = await app.inject({ url: '/metrics' })
    expect(response.headers['content-type']).toContain('text/plain; version=0.0.4')
    expect(response.payload).toContain('millrace_decided_epoch{job="fraud-features",slot="0"} 7')
    expect(response.payload).toContain(
      '_count{method="GET",route="/features/:view/:key",status="200"} 1',
    )
    expect(response.payload).not.toContain('zoe')
  })
})

describe('errors', () => {
  test('of an address that there is not list the routes', async () => {
    const response = await get('/feature')
    expect(response.statusCode).toBe(404)
    expect(response.json()).toMatchObject({ code: 'ROUTE_UNKNOWN' })
    expect(response.json().expected).toContain('GET /features/:view/:key')
    expect((await api().inject({ method: 'DELETE', url: '/jobs' })).statusCode).toBe(404)
  })

  test('that nobody foresaw are answered without their text', async () => {
    const failing = (error: Error): ApiSource => ({
      jobs: () => {
        throw error
      },
      features: undefined,
    })
    const unknown = await get('/jobs', failing(new Error('card 4111')))
    expect([unknown.statusCode, unknown.json().code]).toEqual([500, 'INTERNAL'])
    expect(unknown.payload).not.toContain('4111')
    const named = await get(
      '/jobs',
      failing(new StateCorruptError({ code: 'VALUE_CORRUPT', message: 'key 4111 is damaged' })),
    )
    expect([named.statusCode, named.json().code]).toEqual([500, 'VALUE_CORRUPT'])
    expect(named.payload).not.toContain('4111')
  })

  test('of keys that fit no column are the caller’s', async () => {
    const source: ApiSource = {
      jobs: () => [],
      features: {
        ...features,
        lookup: () => {
          throw new ConfigError({ code: 'VIEW_KEY', message: 'no key', expected: 'int64' })
        },
      },
    }
    const response = await get('/features/user_fraud_5m/ann', source)
    expect([response.statusCode, response.json().expected]).toEqual([400, 'int64'])
  })
})

describe('the OpenAPI description', () => {
  test('has every route that is served, and resolves all its references', async () => {
    const app = api()
    const served: string[] = []
    for (const { method, url } of Object.values(apiRoutes(HTTP_LIMITS))) {
      expect(app.hasRoute({ method, url })).toBe(true)
      served.push(`${method} ${url.replaceAll(/:(\w+)/g, '{$1}')}`)
    }
    const document = (await app.inject({ url: '/openapi.json' })).json()
    const described = Object.entries<object>(document.paths).flatMap(([path, methods]) =>
      Object.keys(methods).map((method) => `${method.toUpperCase()} ${path}`),
    )
    expect(described.sort()).toEqual(served.sort())
    const references = [...JSON.stringify(document).matchAll(/"#\/components\/schemas\/(\w+)"/g)]
    expect(references.length).toBeGreaterThan(10)
    for (const [, name = ''] of references) {
      expect(Object.keys(document.components.schemas)).toContain(name)
    }
  })

  test.each([
    ['/health', 'Health'],
    ['/ready', 'Readiness'],
    ['/jobs', 'Jobs'],
    ['/features', 'Views'],
    ['/features/user_fraud_5m/ann', 'Feature'],
    ['/features/user_fraud_5m/nobody', 'Feature'],
    ['/features/unknown/ann', 'Error'],
    ['/nothing', 'Error'],
  ])('is true of what %s answers', async (url, name) => {
    const { components } = (await get('/openapi.json')).json()
    const text = JSON.stringify(components.schemas).replaceAll('#/components/schemas/', '#/$defs/')
    const schema = { $defs: JSON.parse(text), $ref: `#/$defs/${name}` }
    const checker = fastify({
      ajv: { customOptions: { coerceTypes: false, removeAdditional: false, strict: false } },
    })
    checker.post('/check', { schema: { body: schema } }, () => 'fits')
    const answer = await get(url)
    const check = (payload: object) => checker.inject({ method: 'POST', url: '/check', payload })
    expect((await check(answer.json())).payload).toBe('fits')
    expect((await check({ ...answer.json(), another: 1 })).statusCode).toBe(400)
  })
})
