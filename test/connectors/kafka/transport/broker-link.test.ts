import { once } from 'node:events'
import { createServer } from 'node:net'
import fc from 'fast-check'
import { describe, expect, it, onTestFinished } from 'vitest'
import { findCoordinatorRequest } from '../../../../connectors/kafka/protocol/find-coordinator.ts'
import type { KafkaRequest } from '../../../../connectors/kafka/protocol/kafka-request.ts'
import { offsetFetchRequest } from '../../../../connectors/kafka/protocol/offset-fetch.ts'
import { produceRequest } from '../../../../connectors/kafka/protocol/produce.ts'
import { ProtocolWriter } from '../../../../connectors/kafka/protocol/protocol-writer.ts'
import { endTxnRequest } from '../../../../connectors/kafka/protocol/transaction-requests.ts'
import { BrokerLink } from '../../../../connectors/kafka/transport/broker-link.ts'
import { nameOf, type Outcome } from '../../../../connectors/kafka/transport/outcome.ts'
import { IN_FLIGHT_MAX } from '../../../../connectors/kafka/transport/transport-limits.ts'
import { systemClock } from '../../../../engine/clock.ts'
import {
  responseFrame,
  ScriptedBroker,
  type ScriptedRequest,
} from '../../../support/kafka/scripted-broker.ts'

const TIMEOUT_MS = 5000
const owner = { transactionalId: 'job.0', producerId: 7, producerEpoch: 1 }
const commit = endTxnRequest(owner, 'commit')

async function linkTo(onRequest: (request: ScriptedRequest) => void) {
  const broker = await ScriptedBroker.start(onRequest)
  const settings = { brokers: [broker.address], clientId: 'millrace-test' }
  const link = new BrokerLink(broker.address, settings, systemClock)
  onTestFinished(() => {
    link.close()
    broker.stop()
  })
  return { broker, link }
}

/** No throttling, then an error code. */
function ended(code: number): Uint8Array {
  const writer = new ProtocolWriter(6)
  writer.int32(0)
  writer.int16(code)
  return writer.view()
}

const told = (outcome: Outcome<unknown>) => `${outcome.kind} ${nameOf(outcome)}`

describe('an outcome', () => {
  it('is the answer, or the name of the error that the broker refused with', async () => {
    const codes = [0, 51]
    const { link } = await linkTo((request) => request.answer(ended(codes.shift() ?? 0)))
    const outcomes = await Promise.all([
      link.send(commit, TIMEOUT_MS),
      link.send(commit, TIMEOUT_MS),
    ])
    expect(outcomes.map(told)).toEqual(['answered answered', 'refused CONCURRENT_TRANSACTIONS'])
  })

  it('is unknown for what left before the connection ended, unsent for what did not', async () => {
    const { link, broker } = await linkTo(({ socket }) => {
      if (broker.requests.length === IN_FLIGHT_MAX) socket.destroy()
    })
    const count = IN_FLIGHT_MAX + 2
    const outcomes = await Promise.all(
      Array.from({ length: count }, () => link.send(commit, TIMEOUT_MS)),
    )
    const expected = Array.from({ length: count }, (_, i) =>
      i < IN_FLIGHT_MAX ? 'unknown connection-lost' : 'unsent connection-lost',
    )
    expect(outcomes.map(told)).toEqual(expected)
  })

  it('is timed-out at its deadline, and fails what waits behind with it', async () => {
    const { link } = await linkTo(() => undefined)
    const startMs = systemClock.elapsedMs()
    const outcomes = await Promise.all([
      link.send(commit, 200),
      link.send(commit, TIMEOUT_MS),
      link.send(commit, TIMEOUT_MS),
    ])
    const elapsedMs = systemClock.elapsedMs() - startMs
    expect(outcomes.map(told)).toEqual([
      'unknown timed-out',
      'unknown connection-lost',
      'unknown connection-lost',
    ])
    expect(elapsedMs).toBeGreaterThanOrEqual(200)
    expect(elapsedMs).toBeLessThan(TIMEOUT_MS / 2)
  })

  it('is unsent where nobody listens, and where who listens stays silent', async () => {
    const server = createServer((socket) => socket.on('error', () => undefined).resume())
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    const address = server.address()
    if (typeof address !== 'object' || address === null) throw new Error('listens on a port')
    const place = { host: '127.0.0.1', port: address.port }
    const settings = { brokers: [place], clientId: 'millrace-test' }
    const silent = new BrokerLink(place, settings, systemClock)
    expect(told(await silent.send(commit, 200))).toBe('unsent deadline')
    silent.close()
    await new Promise((resolve) => server.close(resolve))
    const link = new BrokerLink(place, settings, systemClock)
    expect(told(await link.send(commit, TIMEOUT_MS))).toBe('unsent unreachable')
    link.close()
  })

  it('is unknown for an answer that makes no sense or is to another request', async () => {
    const answers: ((request: ScriptedRequest) => void)[] = [
      (request) => request.answer(Uint8Array.of(1, 2, 3)),
      (request) => request.answer(new Uint8Array(40)),
      ({ socket, correlation }) => socket.write(responseFrame(correlation + 1, ended(0))),
      ({ socket }) => socket.write(Uint8Array.of(0x7f, 0xff, 0xff, 0xff)),
    ]
    const { link } = await linkTo((request) => answers.shift()?.(request))
    const outcomes: string[] = []
    while (answers.length > 0) outcomes.push(told(await link.send(commit, TIMEOUT_MS)))
    expect(outcomes).toEqual([
      'unknown garbled',
      'unknown garbled',
      'unknown connection-lost',
      'unknown connection-lost',
    ])
  })

  it('is unsent where the broker lacks the version, and the connection goes on', async () => {
    const { link } = await linkTo((request) => request.answer(ended(0)))
    const future: KafkaRequest<unknown> = { ...commit, api: { ...commit.api, version: 99 } }
    const outcomes = await Promise.all([
      link.send(future, TIMEOUT_MS),
      link.send(commit, TIMEOUT_MS),
    ])
    expect(outcomes.map(told)).toEqual(['unsent unsupported-version', 'answered answered'])
    const [first] = outcomes
    expect(first.kind === 'unsent' ? first.detail : '').toMatch(/version 99; spoken: 0 to 12/)
  })

  it('is one for each request, whatever bytes come back', async () => {
    let answer: Uint8Array = new Uint8Array(0)
    const { link } = await linkTo(({ socket }) => socket.write(answer))
    const requests = [
      commit,
      findCoordinatorRequest('transaction', 'job.0'),
      offsetFetchRequest('job', []),
    ]
    const bytes = fc.uint8Array({ minLength: 1, maxLength: 40 })
    await fc.assert(
      fc.asyncProperty(bytes, fc.constantFrom(...requests), async (given, request) => {
        answer = given
        const outcome = await link.send<unknown>(request, 60)
        expect(['unknown', 'unsent', 'refused']).toContain(outcome.kind)
      }),
      { numRuns: 25 },
    )
  })
})

describe('a connection', () => {
  it('is opened again by the next request', async () => {
    const { link, broker } = await linkTo((request) => {
      if (broker.requests.length === 1) request.socket.destroy()
      else request.answer(ended(0))
    })
    expect(told(await link.send(commit, TIMEOUT_MS))).toBe('unknown connection-lost')
    expect(told(await link.send(commit, TIMEOUT_MS))).toBe('answered answered')
    expect(broker.connections).toBe(2)
  })

  it('has five requests in flight and the others behind them, in order', async () => {
    const seen: ScriptedRequest[] = []
    const { link } = await linkTo((request) => {
      seen.push(request)
      if (seen.length !== IN_FLIGHT_MAX) return
      // Whatever came too early would be here by now: TCP keeps order.
      for (const early of seen.splice(0)) early.answer(ended(0))
    })
    const rounds = 4
    const sent = Array.from({ length: IN_FLIGHT_MAX * rounds }, () => link.send(commit, TIMEOUT_MS))
    const outcomes = await Promise.all(sent)
    expect(new Set(outcomes.map(told))).toEqual(new Set(['answered answered']))
  })

  it('takes no more than its bounds of requests and bytes', async () => {
    const { link } = await linkTo(() => undefined)
    const records = new Uint8Array(15 * 1024 * 1024)
    const request = produceRequest({
      topics: [{ topic: 'orders', partitions: [{ partition: 0, records }] }],
      transactionalId: undefined,
      timeoutMs: 1000,
    })
    const large = Array.from({ length: 5 }, () => link.send(request, 300))
    expect(told((await large.at(-1)) ?? fail())).toBe('unsent queue-full')
    await Promise.all(large)
    const small = Array.from({ length: 257 }, () => link.send(commit, 300))
    expect(told((await small.at(-1)) ?? fail())).toBe('unsent queue-full')
    const outcomes = await Promise.all(small)
    expect(outcomes.filter(({ kind }) => kind === 'unknown')).toHaveLength(IN_FLIGHT_MAX)
  })

  it('that is idle has no timer: those of kafkajs ended with the login', async () => {
    const timers = () =>
      process.getActiveResourcesInfo().filter((name) => name === 'Timeout').length
    const before = timers()
    const { link } = await linkTo((request) => request.answer(ended(0)))
    expect(told(await link.send(commit, TIMEOUT_MS))).toBe('answered answered')
    await systemClock.delay(50)
    expect(timers()).toBeLessThanOrEqual(before)
  })

  it('that is closed fails what it holds and takes nothing more', async () => {
    const { link, broker } = await linkTo(() => link.close())
    expect(told(await link.send(commit, TIMEOUT_MS))).toBe('unknown connection-lost')
    expect(told(await link.send(commit, TIMEOUT_MS))).toBe('unsent closed')
    expect(broker.requests).toHaveLength(1)
  })
})

function fail(): never {
  throw new Error('expected an outcome')
}
