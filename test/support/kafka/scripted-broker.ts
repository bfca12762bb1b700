// ScriptedBroker: a server that speaks just enough of the Kafka protocol to be connected to, and then
// does with each request what a test says: answer with any bytes, stay silent, hang up. For what a
// real broker does not do on demand.
import { once } from 'node:events'
import { createServer, type Server, type Socket } from 'node:net'
import { createServer as createTlsServer, type TlsOptions } from 'node:tls'
import { ProtocolWriter } from '../../../connectors/kafka/protocol/protocol-writer.ts'

/** A request as it came: its header, and the socket to answer on. */
export interface ScriptedRequest {
  readonly key: number
  readonly version: number
  readonly correlation: number
  readonly socket: Socket
  /** Answers in order, under the request's number. */
  answer(body: Uint8Array): void
}

const API_VERSIONS_KEY = 18

export class ScriptedBroker {
  readonly #server: Server
  readonly #sockets = new Set<Socket>()
  readonly requests: ScriptedRequest[] = []
  connections = 0

  private constructor(server: Server) {
    this.#server = server
  }

  /** @param onRequest is told of each request but ApiVersions, which is answered with all versions */
  static async start(
    onRequest: (request: ScriptedRequest) => void,
    tls?: TlsOptions,
  ): Promise<ScriptedBroker> {
    const server = tls === undefined ? createServer() : createTlsServer(tls)
    const broker = new ScriptedBroker(server)
    const event = tls === undefined ? 'connection' : 'secureConnection'
    server.on(event, (socket: Socket) => broker.#serve(socket, onRequest))
    server.on('tlsClientError', () => undefined)
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    return broker
  }

  get address(): { readonly host: string; readonly port: number } {
    const address = this.#server.address()
    if (typeof address !== 'object' || address === null) throw new Error('listens on a port')
    return { host: '127.0.0.1', port: address.port }
  }

  stop(): void {
    this.#server.close()
    for (const socket of this.#sockets) socket.destroy()
  }

  #serve(socket: Socket, onRequest: (request: ScriptedRequest) => void): void {
    this.connections++
    this.#sockets.add(socket)
    let bytes = Buffer.alloc(0)
    socket.on('error', () => undefined)
    socket.on('data', (chunk: Buffer) => {
      bytes = Buffer.concat([bytes, chunk])
      while (bytes.length >= 4 && bytes.length >= 4 + bytes.readInt32BE(0)) {
        const frame = bytes.subarray(4, 4 + bytes.readInt32BE(0))
        bytes = bytes.subarray(4 + frame.length)
        const request = requestOf(frame, socket)
        if (request.key === API_VERSIONS_KEY) request.answer(allVersions())
        else {
          this.requests.push(request)
          onRequest(request)
        }
      }
    })
  }
}

function requestOf(frame: Buffer, socket: Socket): ScriptedRequest {
  const correlation = frame.readInt32BE(4)
  return {
    key: frame.readInt16BE(0),
    version: frame.readInt16BE(2),
    correlation,
    socket,
    answer: (body) => void socket.write(responseFrame(correlation, body)),
  }
}

export function responseFrame(correlation: number, body: Uint8Array): Uint8Array {
  const writer = new ProtocolWriter(8 + body.length)
  writer.int32(4 + body.length)
  writer.int32(correlation)
  writer.raw(body)
  return writer.view()
}

/** APIs 0 to 60 in versions 0 to 12, without an error. */
function allVersions(): Uint8Array {
  const writer = new ProtocolWriter(512)
  writer.int16(0)
  writer.array(
    Array.from({ length: 61 }, (_, key) => key),
    (key) => {
      writer.int16(key)
      writer.int16(0)
      writer.int16(12)
    },
  )
  return writer.view()
}
