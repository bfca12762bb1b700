// KafkaSettings: where the brokers are and how to prove who we are, as plain data. Secrets stand in it
// only from reading them to the login; `describeSettings` is what may be shown.
import { ConfigError } from '../../../engine/errors.ts'

/** PEM texts. Verification of the broker's certificate is always on, but for development. */
export interface TlsSettings {
  readonly certificateAuthority?: string
  readonly certificate?: string
  readonly privateKey?: string
  readonly privateKeyPassphrase?: string
  /** The name on the broker's certificate, where it is not its host. */
  readonly serverName?: string
  readonly isUnverifiedForDevelopment?: boolean
}

export interface LoginSettings {
  readonly mechanism: 'plain' | 'scram-sha-256' | 'scram-sha-512'
  readonly username: string
  readonly password: string
}

export interface KafkaSettings {
  /** Some brokers of the cluster; the others are found through them. */
  readonly brokers: readonly BrokerAddress[]
  /** Shown in the logs and quotas of brokers. */
  readonly clientId: string
  readonly tls?: TlsSettings
  readonly login?: LoginSettings
}

export interface BrokerAddress {
  readonly host: string
  readonly port: number
}

/**
 * Reads `host:port,host:port`; an IPv6 address stands in brackets.
 * @throws ConfigError KAFKA_ADDRESS
 */
export function parseBrokers(text: string): BrokerAddress[] {
  return text.split(',').map((part) => {
    const found = /^(?:\[([0-9a-fA-F:.]+)\]|([^\s:[\]]+)):(\d{1,5})$/.exec(part.trim())
    const port = Number(found?.[3])
    if (found === null || port < 1 || port > 65535) throw badAddress(part.trim())
    return { host: found[1] ?? found[2] ?? '', port }
  })
}

export function formatAddress({ host, port }: BrokerAddress): string {
  return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`
}

/** One line without secrets. */
export function describeSettings(settings: KafkaSettings): string {
  const brokers = settings.brokers.map(formatAddress).join(',')
  const tls = settings.tls === undefined ? 'no TLS' : 'TLS'
  const { login } = settings
  const who = login === undefined ? 'no login' : `${login.mechanism} as ${login.username}`
  return `${brokers} (${tls}, ${who})`
}

function badAddress(found: string): ConfigError {
  return new ConfigError({
    code: 'KAFKA_ADDRESS',
    message: 'the address of a Kafka broker cannot be read',
    expected: 'host:port, several separated by commas',
    found: `"${found}"`,
    remedy: 'For example 127.0.0.1:9092.',
  })
}
