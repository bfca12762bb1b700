import { request } from 'node:http'
import { connect } from 'node:net'
import { describe, expect, onTestFinished, test } from 'vitest'
import { systemClock } from '../../../engine/clock.ts'
import { ConfigError } from '../../../engine/errors.ts'
import { type ServeOptions, serveApi } from '../../../engine/observe/index.ts'
import { apiSource } from './api-fixture.ts'

const TOKEN = '0123456789abcdef0123456789abcdef'

async function serving(options: Partial<ServeOptions> = {}) {
  const server = await serveApi(apiSource(), {
    clock: systemClock,
    port: 0,
    token: undefined,
    ...options,
  })
  onTestFinished(() => server.close())
  return server
}

/** Status of a request with a host header of its own, which `fetch` does not let one set. */
function statusUnder(port: number, host: string): Promise<number | undefined> {
  return new Promise((resolve, reject) => {
    const options = { port, host: '127.0.0.1', path: '/jobs', headers: { host } }
    request(options, (response) => resolve(response.resume().statusCode))
      .on('error', reject)
      .end()
  })
}

describe('a served API', () => {
  test('answers on a free loopback port, and no more once it is closed', async () => {
    const server = await serving()
    expect(server.url).toBe(`http://127.0.0.1:${server.port}`)
    const response = await fetch(`${server.url}/features/user_fraud_5m/ann`)
    expect(await response.json()).toMatchObject({ status: 'present' })
    const metrics = await (await fetch(`${server.url}/metrics`)).text()
    expect(metrics).toContain('process_resident_memory_bytes')
    await server.close()
    await expect(fetch(`${server.url}/health`)).rejects.toThrow()
  })

  test('says so when its port is taken', async () => {
    const { port } = await serving()
    await expect(serving({ port })).rejects.toThrow(/ADDRESS_UNUSABLE.*EADDRINUSE/)
  })

  test('without a token is bound to loopback only', async () => {
    await expect(serving({ host: '0.0.0.0' })).rejects.toThrow(ConfigError)
    await expect(serving({ host: '0.0.0.0' })).rejects.toThrow(/TOKEN_NEEDED.*MILLRACE_TOKEN/)
    await expect(serving({ host: '0.0.0.0', token: '' })).rejects.toThrow('TOKEN_NEEDED')
    await expect(serving({ host: '0.0.0.0', token: 'short' })).rejects.toThrow('TOKEN_SHORT')
  })

  test('without a token answers only to names of this machine', async () => {
    const { port } = await serving()
    expect(await statusUnder(port, `localhost:${port}`)).toBe(200)
    expect(await statusUnder(port, `[::1]:${port}`)).toBe(200)
    expect(await statusUnder(port, '127.0.0.1')).toBe(200)
    expect(await statusUnder(port, 'evil.example')).toBe(403)
    expect(await statusUnder(port, '127.0.0.1.evil.example')).toBe(403)
  })

  test('with a token wants it everywhere but on the probes', async () => {
    const { port } = await serving({ host: '0.0.0.0', token: TOKEN })
    const status = async (path: string, authorization?: string) => {
      const headers = authorization === undefined ? {} : { authorization }
      return (await fetch(`http://127.0.0.1:${port}${path}`, { headers })).status
    }
    expect(await status('/health')).toBe(200)
    expect(await status('/ready')).toBe(200)
    for (const path of ['/jobs', '/metrics', '/features', '/features/v/k', '/openapi.json', '/x']) {
      expect(await status(path), path).toBe(401)
    }
    expect(await status('/jobs', `Bearer ${TOKEN.slice(1)}`)).toBe(401)
    expect(await status('/jobs', `Bearer ${TOKEN}x`)).toBe(401)
    expect(await status('/jobs', `Basic ${TOKEN}`)).toBe(401)
    expect(await status('/jobs', `Bearer ${TOKEN}`)).toBe(200)
  })

  test('ends a request that does not come in', async () => {
    const { port } = await serving({ limits: { requestMs: 200 } })
    const answer = await new Promise<string>((resolve) => {
      let text = ''
      const socket = connect(port, '127.0.0.1', () => socket.write('GET /jobs HTTP/1.1\r\nho'))
      socket.on('data', (bytes) => {
        text += bytes
      })
      socket.on('close', () => resolve(text))
    })
    expect(answer).toContain('408')
  })

  test('refuses headers without end', async () => {
    const { port } = await serving()
    const response = await fetch(`http://127.0.0.1:${port}/health`, {
      headers: { filler: 'a'.repeat(20_000) },
    })
    expect(response.status).toBe(431)
  })
})
