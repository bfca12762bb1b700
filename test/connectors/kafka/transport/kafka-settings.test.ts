import { describe, expect, it } from 'vitest'
import {
  describeSettings,
  formatAddress,
  parseBrokers,
} from '../../../../connectors/kafka/transport/kafka-settings.ts'

describe('the addresses of brokers', () => {
  it('are read and written, names and both kinds of numbers', () => {
    const text = 'kafka-1.example:9092,127.0.0.1:9093,[::1]:9094'
    const addresses = parseBrokers(text)
    expect(addresses).toEqual([
      { host: 'kafka-1.example', port: 9092 },
      { host: '127.0.0.1', port: 9093 },
      { host: '::1', port: 9094 },
    ])
    expect(addresses.map(formatAddress).join(',')).toBe(text)
  })

  it.each(['', 'kafka', 'kafka:', ':9092', 'kafka:0', 'kafka:70000', 'a:1,,b:2', 'http://a:1'])(
    'are refused with what was found: "%s"',
    (text) => {
      expect(() => parseBrokers(text)).toThrow(/KAFKA_ADDRESS.*host:port/)
    },
  )
})

describe('settings that are shown', () => {
  it('hold no secret', () => {
    const shown = describeSettings({
      brokers: parseBrokers('kafka:9092'),
      clientId: 'fraud',
      tls: { privateKey: 'private', privateKeyPassphrase: 'phrase' },
      login: { mechanism: 'scram-sha-512', username: 'millrace', password: 'word' },
    })
    expect(shown).toBe('kafka:9092 (TLS, scram-sha-512 as millrace)')
  })
})
