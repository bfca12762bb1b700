// Opens a connection by kafkajs: socket, TLS, versions of the broker, SASL. All private imports of
// kafkajs stand here. It is given a stand-in for the socket until the login is done; then the socket
// is ours alone, and no queue, timer or retry of kafkajs sees a request.
import { EventEmitter } from 'node:events'
import { connect, isIP, type Socket } from 'node:net'
import { type ConnectionOptions, connect as connectTls } from 'node:tls'
import Connection from 'kafkajs/src/network/connection.js'
import Encoder from 'kafkajs/src/protocol/encoder.js'
import { errorCode, RetryableError } from '../../../engine/errors.ts'
import { brokerError } from '../protocol/error-code.ts'
import { ProtocolReader } from '../protocol/protocol-reader.ts'
import { FrameSplitter } from './frame-splitter.ts'
import type { BrokerAddress, KafkaSettings, TlsSettings } from './kafka-settings.ts'
import { CONNECT_TIMEOUT_MS, LOGIN_BYTES_MAX } from './transport-limits.ts'

/** The versions of an API that a broker speaks. */
export interface VersionRange {
  readonly least: number
  readonly most: number
}

/** A connection that is logged in and silent. */
export interface OpenedConnection {
  readonly socket: Socket
  /** By API key. */
  readonly versions: ReadonlyMap<number, VersionRange>
  /** How long the login is good for; 0: for ever. */
  readonly sessionLifetimeMs: number
}

const API_VERSIONS_KEY = 18
const SASL_AUTHENTICATE_KEY = 36
const KEEP_ALIVE_DELAY_MS = 60_000

/**
 * @param onSocket is given the socket at once, so that the caller can end an attempt: when it is
 * destroyed with an error, the promise rejects
 * @throws what Node says of sockets and certificates, and kafkajs of logins: see `isDenied`
 */
export async function openConnection(
  { host, port }: BrokerAddress,
  settings: KafkaSettings,
  onSocket: (socket: Socket) => void,
): Promise<OpenedConnection> {
  const opened: { readonly socket: Socket; release(): void }[] = []
  const connection = new Connection({
    host,
    port,
    clientId: settings.clientId,
    logger: silent,
    ssl: null,
    sasl: settings.login === undefined ? null : { ...settings.login },
    connectionTimeout: CONNECT_TIMEOUT_MS,
    requestTimeout: CONNECT_TIMEOUT_MS,
    enforceRequestTimeout: false,
    socketFactory: ({ onConnect }) => {
      const socket = openSocket({ host, port }, settings.tls, onConnect)
      const { wire, release } = standIn(socket)
      opened.push({ socket, release })
      onSocket(socket)
      return wire
    },
  })
  await connection.connect()
  const versions = await readVersions(connection)
  if (settings.login !== undefined) {
    connection.setVersions(versionTable(versions))
    connection.setSupportAuthenticationProtocol(versions.has(SASL_AUTHENTICATE_KEY))
    await connection.authenticate()
  }
  connection.requestQueue.destroy()
  const [first] = opened
  if (first === undefined) throw new Error(`kafkajs opened no socket to ${host}:${port}`)
  first.release()
  const sessionLifetimeMs = Number(connection.sessionLifetime.toString())
  return { socket: first.socket, versions, sessionLifetimeMs }
}

/** The broker or TLS turned us away: the same try fails again until a person changes something. */
export function isDenied(error: unknown): boolean {
  if (error instanceof Error && error.name === 'KafkaJSSASLAuthenticationError') return true
  const code = errorCode(error)
  if (/^(CERT|UNABLE_TO|DEPTH_ZERO|SELF_SIGNED|HOSTNAME|ERR_TLS|ERR_SSL|EPROTO)/.test(code)) {
    return true
  }
  // A name of the protocol: kafkajs keeps it as the type of its error.
  if (typeof error !== 'object' || error === null || !('type' in error)) return false
  return /SASL|SECURITY|AUTHORIZATION/.test(String(error.type))
}

const silent = {
  namespace: () => silent,
  debug: () => undefined,
  info: () => undefined,
  warn: () => undefined,
  error: () => undefined,
}

function openSocket(
  { host, port }: BrokerAddress,
  tls: TlsSettings | undefined,
  onConnect: () => void,
): Socket {
  const socket =
    tls === undefined
      ? connect({ host, port }, onConnect)
      : connectTls({ host, port, ...tlsOptions(host, tls) }, onConnect)
  socket.setKeepAlive(true, KEEP_ALIVE_DELAY_MS)
  socket.setNoDelay(true)
  return socket
}

function tlsOptions(host: string, tls: TlsSettings): ConnectionOptions {
  const serverName = tls.serverName ?? (isIP(host) === 0 ? host : undefined)
  return {
    ...(serverName === undefined ? {} : { servername: serverName }),
    ca: tls.certificateAuthority,
    cert: tls.certificate,
    key: tls.privateKey,
    passphrase: tls.privateKeyPassphrase,
    rejectUnauthorized: tls.isUnverifiedForDevelopment !== true,
  }
}

/**
 * What kafkajs takes for its socket. Only whole frames of a sane length reach it: it would collect a
 * frame of any claimed length, and spins on a negative one.
 */
function standIn(socket: Socket) {
  const events = new EventEmitter()
  const splitter = new FrameSplitter(LOGIN_BYTES_MAX, (frame) => {
    const length = Buffer.alloc(4)
    length.writeInt32BE(frame.length)
    events.emit('data', Buffer.concat([length, frame]))
  })
  const onData = (chunk: Buffer) => {
    try {
      splitter.push(chunk)
    } catch (error) {
      socket.destroy(error instanceof Error ? error : new Error(String(error)))
    }
  }
  const onEnd = () => events.emit('end')
  const onError = (error: Error) => events.emit('error', error)
  socket.on('data', onData).on('end', onEnd).on('error', onError)
  const wire = {
    on: events.on.bind(events),
    write: (bytes: Uint8Array) => void socket.write(bytes),
    end: () => void socket.end(),
    unref: () => undefined,
  }
  const release = () => void socket.off('data', onData).off('end', onEnd).off('error', onError)
  return { wire, release }
}

/** ApiVersions v0, which every broker speaks, before the login too. */
function readVersions(connection: Connection): Promise<Map<number, VersionRange>> {
  return connection.send({
    request: {
      apiKey: API_VERSIONS_KEY,
      apiVersion: 0,
      apiName: 'ApiVersions',
      encode: async () => new Encoder(),
    },
    response: {
      decode: async (payload) => decodeVersions(new ProtocolReader(payload)),
      parse: async (versions) => versions,
    },
  })
}

function decodeVersions(reader: ProtocolReader): Map<number, VersionRange> {
  const code = reader.int16()
  if (code !== 0) {
    throw new RetryableError({
      code: 'KAFKA_VERSIONS',
      message: 'a broker does not say which versions it speaks',
      found: brokerError(code).name,
      remedy: 'Use brokers of version 2.4 or later.',
    })
  }
  const ranges = reader.array(6, () => {
    const key = reader.int16()
    return [key, { least: reader.int16(), most: reader.int16() }] as const
  })
  return new Map(ranges)
}

/** As kafkajs wants it. */
function versionTable(versions: ReadonlyMap<number, VersionRange>) {
  const rows = Array.from(versions, ([key, { least, most }]) => [
    key,
    { minVersion: least, maxVersion: most },
  ])
  return Object.fromEntries(rows)
}
