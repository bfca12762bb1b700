// The private parts of kafkajs 2.2.4 that `kafkajs-connection.ts` uses, and no more of them.
declare module 'kafkajs/src/network/connection.js' {
  import type { EventEmitter } from 'node:events'
  import type { ConnectionOptions } from 'node:tls'

  interface SilentLogger {
    namespace(): SilentLogger
    debug(): void
    info(): void
    warn(): void
    error(): void
  }

  interface Place {
    readonly host: string
    readonly port: number
    readonly onConnect: () => void
  }

  /** What kafkajs calls of a socket. */
  interface Wire {
    readonly on: EventEmitter['on']
    write(bytes: Uint8Array): void
    end(): void
    unref(): void
  }

  interface Options {
    readonly host: string
    readonly port: number
    readonly clientId: string
    readonly logger: SilentLogger
    readonly ssl: ConnectionOptions | null
    readonly sasl: object | null
    readonly connectionTimeout: number
    readonly requestTimeout: number
    readonly enforceRequestTimeout: boolean
    readonly socketFactory: (place: Place) => Wire
  }

  interface Call<Decoded> {
    readonly request: {
      readonly apiKey: number
      readonly apiVersion: number
      readonly apiName: string
      encode(): Promise<object>
    }
    readonly response: {
      decode(payload: Uint8Array): Promise<Decoded>
      parse(decoded: Decoded): Promise<Decoded>
    }
  }

  export default class Connection {
    readonly requestQueue: { destroy(): void }
    /** A number of 64 bits, of a class of its own. */
    readonly sessionLifetime: { toString(): string }
    constructor(options: Options)
    connect(): Promise<unknown>
    authenticate(): Promise<void>
    send<Decoded extends object>(call: Call<Decoded>): Promise<Decoded>
    setVersions(versions: Readonly<Record<number, object>>): void
    setSupportAuthenticationProtocol(isSupported: boolean): void
  }
}

declare module 'kafkajs/src/protocol/encoder.js' {
  export default class Encoder {}
}
