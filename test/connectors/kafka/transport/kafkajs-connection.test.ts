import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, it, onTestFinished } from 'vitest'
import { ProtocolWriter } from '../../../../connectors/kafka/protocol/protocol-writer.ts'
import { endTxnRequest } from '../../../../connectors/kafka/protocol/transaction-requests.ts'
import { BrokerLink } from '../../../../connectors/kafka/transport/broker-link.ts'
import type { TlsSettings } from '../../../../connectors/kafka/transport/kafka-settings.ts'
import { nameOf } from '../../../../connectors/kafka/transport/outcome.ts'
import { systemClock } from '../../../../engine/clock.ts'
import { ScriptedBroker } from '../../../support/kafka/scripted-broker.ts'
import { requireOrSkip } from '../../../support/skip.ts'

interface Certificate {
  readonly cert: string
  readonly key: string
}

/** A certificate that signs itself, for `broker.example`; undefined without openssl. */
function makeCertificate(): Certificate | undefined {
  const folder = mkdtempSync(join(tmpdir(), 'millrace-tls-'))
  const [cert, key] = [join(folder, 'cert.pem'), join(folder, 'key.pem')]
  const curve = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes']
  const name = ['-subj', '/CN=broker.example', '-addext', 'subjectAltName=DNS:broker.example']
  const files = ['-keyout', key, '-out', cert]
  try {
    const args = ['req', '-x509', '-days', '2', ...curve, ...name, ...files]
    execFileSync('openssl', args, { stdio: 'ignore' })
    return { cert: readFileSync(cert, 'utf8'), key: readFileSync(key, 'utf8') }
  } catch {
    return undefined
  } finally {
    rmSync(folder, { recursive: true })
  }
}

const found = makeCertificate()
const openssl = { name: 'openssl', found, remedy: 'install openssl' }

requireOrSkip('a connection by TLS', openssl, ({ cert, key }) => {
  const ended = new ProtocolWriter(6)
  ended.int32(0)
  ended.int16(0)

  async function outcomeBy(tls: TlsSettings | undefined, isMutual = false): Promise<string> {
    const secure = { cert, key, ...(isMutual ? { ca: cert, requestCert: true } : {}) }
    const broker = await ScriptedBroker.start((asked) => asked.answer(ended.view()), secure)
    const settings = { brokers: [], clientId: 'test', ...(tls === undefined ? {} : { tls }) }
    const link = new BrokerLink(broker.address, settings, systemClock)
    onTestFinished(() => {
      link.close()
      broker.stop()
    })
    const owner = { transactionalId: 'job.0', producerId: 1, producerEpoch: 0 }
    const outcome = await link.send(endTxnRequest(owner, 'commit'), 5000)
    return `${outcome.kind} ${nameOf(outcome)}`
  }

  const trusting = { certificateAuthority: cert, serverName: 'broker.example' }

  it('is made to a broker whose certificate is signed by the authority given', async () => {
    expect(await outcomeBy(trusting)).toBe('answered answered')
  })

  it('is denied by a certificate of nobody known or of another name', async () => {
    expect(await outcomeBy({ serverName: 'broker.example' })).toBe('unsent denied')
    expect(await outcomeBy({ ...trusting, serverName: 'other.example' })).toBe('unsent denied')
  })

  it('is made without verification only when that is asked for', async () => {
    expect(await outcomeBy({ isUnverifiedForDevelopment: true })).toBe('answered answered')
  })

  it('shows its own certificate to a broker that wants one', async () => {
    const own = { ...trusting, certificate: cert, privateKey: key }
    expect(await outcomeBy(own, true)).toBe('answered answered')
    expect(await outcomeBy(trusting, true)).toMatch(/^unsent/)
  })

  it('is not made to a broker that speaks TLS by a client that does not', async () => {
    expect(await outcomeBy(undefined)).toMatch(/^unsent/)
  })
})
