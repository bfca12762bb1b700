// BrokerLink: one connection to one broker, opened when something is sent and again after it ended.
// Laws: requests leave and are answered in the order of `send`; each gets exactly one outcome, at the
// latest a tick after its deadline; a request whose bytes left and whose answer did not come is
// `unknown`, and everything behind it fails with it, so that order never breaks.
import type { Socket } from 'node:net'
import type { Clock } from '../../../engine/clock.ts'
import { brokerError } from '../protocol/error-code.ts'
import type { Api, KafkaRequest } from '../protocol/kafka-request.ts'
import { ProtocolReader } from '../protocol/protocol-reader.ts'
import { FrameSplitter } from './frame-splitter.ts'
import { type BrokerAddress, formatAddress, type KafkaSettings } from './kafka-settings.ts'
import {
  isDenied,
  type OpenedConnection,
  openConnection,
  type VersionRange,
} from './kafkajs-connection.ts'
import type { Failure, Outcome, UnsentReason } from './outcome.ts'
import { requestFrame } from './request-frame.ts'
import {
  CONNECT_TIMEOUT_MS,
  DEADLINE_TICK_MS,
  IDLE_MS_MAX,
  IN_FLIGHT_MAX,
  REQUEST_BYTES_WAITING_MAX,
  REQUESTS_WAITING_MAX,
  RESPONSE_BYTES_MAX,
  SESSION_USED_MAX,
} from './transport-limits.ts'

/** A request between `send` and its outcome. */
interface Pending {
  readonly api: Api
  readonly correlation: number
  readonly frame: Uint8Array
  readonly deadlineMs: number
  fail(failure: Failure): void
  /** False when the answer makes no sense; the outcome is given either way. */
  answer(reader: ProtocolReader): boolean
}

type State = 'idle' | 'opening' | 'open' | 'closed'

export class BrokerLink {
  readonly #address: BrokerAddress
  readonly #settings: KafkaSettings
  readonly #clock: Clock
  readonly #name: string
  #state: State = 'idle'
  #socket: Socket | undefined
  #socketError: Error | undefined
  #versions: ReadonlyMap<number, VersionRange> = new Map()
  #openingSinceMs = 0
  /** When the login has to be made anew. */
  #staleAtMs = 0
  #usedAtMs = 0
  #correlation = 0
  #bytes = 0
  readonly #waiting: Pending[] = []
  readonly #inFlight: Pending[] = []
  #stopTicking: (() => void) | undefined

  constructor(address: BrokerAddress, settings: KafkaSettings, clock: Clock) {
    this.#address = address
    this.#settings = settings
    this.#clock = clock
    this.#name = formatAddress(address)
  }

  /** The request is encoded before `send` returns: memory that it names may be written again. */
  send<Response>(request: KafkaRequest<Response>, timeoutMs: number): Promise<Outcome<Response>> {
    const { api } = request
    if (this.#state === 'closed') return this.#unsent(api, 'closed')
    if (this.#waiting.length + this.#inFlight.length >= REQUESTS_WAITING_MAX) {
      return this.#unsent(api, 'queue-full')
    }
    this.#correlation = (this.#correlation + 1) & 0x7fffffff
    const correlation = this.#correlation
    const frame = requestFrame(request, correlation, this.#settings.clientId)
    if (this.#bytes + frame.length > REQUEST_BYTES_WAITING_MAX) {
      return this.#unsent(api, 'queue-full')
    }
    this.#bytes += frame.length
    const deadlineMs = this.#clock.elapsedMs() + timeoutMs
    return new Promise((resolve) => {
      const answer = (reader: ProtocolReader) => {
        const outcome = this.#read(request, reader)
        resolve(outcome)
        return outcome.kind !== 'unknown'
      }
      this.#waiting.push({ api, correlation, frame, deadlineMs, fail: resolve, answer })
      this.#stopTicking ??= this.#clock.every(DEADLINE_TICK_MS, () => this.#tick())
      this.#pump()
    })
  }

  /** Ends the connection at once; what is in flight is unknown. */
  close(): void {
    this.#state = 'closed'
    this.#drop('the transport was closed', 'closed')
    this.#tick()
  }

  #pump(): void {
    if (this.#state === 'open' && this.#isStale()) {
      if (this.#inFlight.length > 0) return
      this.#release()
      this.#state = 'idle'
    }
    if (this.#state === 'idle' && this.#waiting.length > 0) void this.#open()
    if (this.#state !== 'open') return
    while (this.#inFlight.length < IN_FLIGHT_MAX) {
      const pending = this.#waiting.shift()
      if (pending === undefined) return
      this.#write(pending)
    }
  }

  #write(pending: Pending): void {
    const { key, version } = pending.api
    const range = this.#versions.get(key)
    if (range === undefined || version < range.least || version > range.most) {
      const spoken = range === undefined ? 'none' : `${range.least} to ${range.most}`
      this.#bytes -= pending.frame.length
      const detail = `${this.#told(pending.api)} needs version ${version}; spoken: ${spoken}`
      pending.fail({ kind: 'unsent', reason: 'unsupported-version', detail })
      return
    }
    this.#inFlight.push(pending)
    this.#usedAtMs = this.#clock.elapsedMs()
    this.#socket?.write(pending.frame)
  }

  /** A broker closes what idles or outlives its login: better to begin anew than to be cut off. */
  #isStale(): boolean {
    const now = this.#clock.elapsedMs()
    return now >= this.#staleAtMs || now - this.#usedAtMs >= IDLE_MS_MAX
  }

  async #open(): Promise<void> {
    this.#state = 'opening'
    this.#openingSinceMs = this.#clock.elapsedMs()
    const taken: Socket[] = []
    try {
      const opened = await openConnection(this.#address, this.#settings, (socket) => {
        taken.push(socket)
        this.#take(socket)
      })
      if (opened.socket === this.#socket && this.#state === 'opening') this.#adopt(opened)
    } catch (error) {
      const isOurs = this.#state === 'opening' && this.#socket === taken[0]
      if (isOurs) this.#failOpening(error)
    }
  }

  #take(socket: Socket): void {
    this.#socket = socket
    this.#socketError = undefined
    socket.on('error', (error) => {
      if (socket === this.#socket) this.#socketError = error
    })
    socket.on('close', () => {
      if (socket !== this.#socket) return
      if (this.#state === 'opening') this.#failOpening(this.#socketError)
      else this.#lose(`lost the connection${because(this.#socketError)}`)
    })
  }

  #adopt({ socket, versions, sessionLifetimeMs }: OpenedConnection): void {
    this.#versions = versions
    this.#usedAtMs = this.#clock.elapsedMs()
    this.#staleAtMs =
      sessionLifetimeMs > 0
        ? this.#usedAtMs + sessionLifetimeMs * SESSION_USED_MAX
        : Number.POSITIVE_INFINITY
    const splitter = new FrameSplitter(RESPONSE_BYTES_MAX, (frame) => {
      if (socket === this.#socket) this.#onFrame(frame)
    })
    socket.on('data', (chunk: Buffer) => {
      if (socket !== this.#socket) return
      try {
        splitter.push(chunk)
      } catch (error) {
        this.#lose(`cannot read what was sent${because(error)}`)
      }
    })
    this.#state = 'open'
    this.#pump()
  }

  #onFrame(frame: Uint8Array): void {
    const reader = new ProtocolReader(frame)
    const correlation = reader.int32()
    const [pending] = this.#inFlight
    if (pending === undefined || pending.correlation !== correlation) {
      this.#lose(`expected answer ${pending?.correlation ?? 'none'}, found ${correlation}`)
      return
    }
    this.#inFlight.shift()
    this.#bytes -= pending.frame.length
    if (pending.answer(reader)) this.#pump()
    else this.#lose('an answer before it made no sense')
  }

  #read<Response>(request: KafkaRequest<Response>, reader: ProtocolReader): Outcome<Response> {
    const told = this.#told(request.api)
    try {
      if (request.api.isFlexible) reader.tags()
      const response = request.read(reader)
      if (reader.remaining > 0) {
        const detail = `${told}: ${reader.remaining} bytes too many in the answer`
        return { kind: 'unknown', reason: 'garbled', detail }
      }
      const code = request.refusal(response)
      if (code === 0) return { kind: 'answered', response }
      const error = brokerError(code)
      return { kind: 'refused', error, detail: `${told}: ${error.name}` }
    } catch (error) {
      return { kind: 'unknown', reason: 'garbled', detail: `${told}${because(error)}` }
    }
  }

  #tick(): void {
    const now = this.#clock.elapsedMs()
    if (this.#state === 'opening' && now - this.#openingSinceMs >= CONNECT_TIMEOUT_MS) {
      this.#failOpening(new Error(`nothing within ${CONNECT_TIMEOUT_MS} ms`))
    }
    if (this.#inFlight.some(({ deadlineMs }) => deadlineMs <= now)) {
      this.#lose('no answer in time', now)
    }
    for (const pending of this.#waiting.splice(0)) {
      if (pending.deadlineMs > now) this.#waiting.push(pending)
      else this.#failUnsent(pending, 'deadline', 'waited past its deadline')
    }
    if (this.#waiting.length + this.#inFlight.length > 0 || this.#state === 'opening') return
    this.#stopTicking?.()
    this.#stopTicking = undefined
  }

  #failOpening(error: unknown): void {
    this.#state = 'idle'
    this.#drop(`no connection${because(error)}`, isDenied(error) ? 'denied' : 'unreachable')
  }

  #lose(detail: string, now?: number): void {
    if (this.#state === 'open') this.#state = 'idle'
    this.#drop(detail, 'connection-lost', now)
  }

  /** Everything fails: what was written is unknown, the rest was never sent. */
  #drop(detail: string, reason: UnsentReason, now = Number.NEGATIVE_INFINITY): void {
    this.#release()
    for (const pending of this.#inFlight.splice(0)) {
      this.#bytes -= pending.frame.length
      const why = pending.deadlineMs <= now ? 'timed-out' : 'connection-lost'
      const told = `${this.#told(pending.api)}: ${detail}`
      pending.fail({ kind: 'unknown', reason: why, detail: told })
    }
    for (const pending of this.#waiting.splice(0)) this.#failUnsent(pending, reason, detail)
  }

  #release(): void {
    const socket = this.#socket
    this.#socket = undefined
    // kafkajs ends an attempt that is still under way when its socket fails.
    socket?.destroy(this.#state === 'open' ? undefined : new Error('given up'))
  }

  #failUnsent(pending: Pending, reason: UnsentReason, detail: string): void {
    this.#bytes -= pending.frame.length
    pending.fail({ kind: 'unsent', reason, detail: `${this.#told(pending.api)}: ${detail}` })
  }

  #unsent(api: Api, reason: UnsentReason): Promise<Failure> {
    const detail = `${this.#told(api)} was not sent: ${reason}`
    return Promise.resolve({ kind: 'unsent', reason, detail })
  }

  #told(api: Api): string {
    return `${api.name} to ${this.#name}`
  }
}

function because(error: unknown): string {
  if (error === undefined) return ''
  return `: ${error instanceof Error ? error.message : String(error)}`
}
