// KafkaBroker: a real broker of one node in a process of its own, on free loopback ports, with a data
// folder that outlives a kill. Ended by its process id, and with the process that started it.
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { cp, mkdtemp, open, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { type AddressInfo, connect, createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type BrokerHome, prepareBrokerHome } from './broker-home.ts'
import { brokerSettings } from './broker-settings.ts'

const START_TIMEOUT_MS = 60_000
const STOP_TIMEOUT_MS = 20_000
const PROBE_MS = 50

export interface BrokerOptions {
  /** More settings of the broker, for example `{ 'transaction.max.timeout.ms': '10000' }`. */
  readonly settings?: Readonly<Record<string, string>>
  /** For example `512m`. */
  readonly heap?: string
}

interface BrokerProcess {
  readonly home: BrokerHome
  readonly folder: string
  readonly port: number
  readonly heap: string
  readonly archive: readonly string[]
}

export class KafkaBroker {
  readonly #home: BrokerHome
  readonly #folder: string
  readonly #port: number
  readonly #heap: string
  #child: ChildProcess | undefined
  readonly #onExit = () => void this.#child?.kill('SIGKILL')

  /** Options of the class archive: to use it, or to write it. */
  readonly #archive: readonly string[]

  private constructor(place: BrokerProcess) {
    const { home, folder, port, heap, archive } = place
    this.#home = home
    this.#archive = archive
    this.#folder = folder
    this.#port = port
    this.#heap = heap
    process.on('exit', this.#onExit)
  }

  /** A broker that answers. The first one of a machine also records which classes it loads. */
  static async start(options: BrokerOptions = {}): Promise<KafkaBroker> {
    const home = await prepareBrokerHome()
    const { classArchive } = home
    if (!existsSync(classArchive)) {
      const draft = `${classArchive}-${process.pid}`
      const recorder = await KafkaBroker.#start(home, {}, [`-XX:ArchiveClassesAtExit=${draft}`])
      await recorder.stop()
      await rename(draft, classArchive)
    }
    const archive = [`-XX:SharedArchiveFile=${classArchive}`, '-Xshare:auto']
    return KafkaBroker.#start(home, options, archive)
  }

  static async #start(
    home: BrokerHome,
    { settings = {}, heap = '512m' }: BrokerOptions,
    archive: readonly string[],
  ): Promise<KafkaBroker> {
    const folder = await mkdtemp(join(tmpdir(), 'millrace-kafka-'))
    const data = join(folder, 'data')
    await cp(home.template, data, { recursive: true })
    const [port, controllerPort] = await freePorts()
    const properties = brokerSettings({ data, port, controllerPort, settings })
    await writeFile(join(folder, 'server.properties'), properties)
    const broker = new KafkaBroker({ home, folder, port, heap, archive })
    await broker.restart()
    return broker
  }

  /** `host:port`, the same after a restart. */
  get address(): string {
    return `127.0.0.1:${this.#port}`
  }

  get port(): number {
    return this.#port
  }

  get processId(): number | undefined {
    return this.#child?.pid
  }

  /** SIGKILL; the data stay. */
  async kill(): Promise<void> {
    await this.#end('SIGKILL')
  }

  /** SIGTERM and the wait for a clean end; SIGKILL when that takes too long. The data stay. */
  async end(): Promise<void> {
    await this.#end('SIGTERM')
  }

  /** Stops or continues all threads of the broker. */
  signal(name: 'SIGSTOP' | 'SIGCONT'): void {
    this.#child?.kill(name)
  }

  /** Starts the broker on its data again. */
  async restart(): Promise<void> {
    if (this.#child !== undefined) await this.end()
    const log = await open(join(this.#folder, 'broker.log'), 'a')
    const child = this.#spawn(log.fd)
    this.#child = child
    await log.close()
    const ended = once(child, 'exit').then(() => 'ended' as const)
    for (let waitedMs = 0; waitedMs < START_TIMEOUT_MS; waitedMs += PROBE_MS) {
      if (await answers(this.#port)) return
      const pause = new Promise<'paused'>((resolve) => setTimeout(resolve, PROBE_MS, 'paused'))
      if ((await Promise.race([ended, pause])) === 'ended') break
    }
    const said = await this.log()
    await this.stop()
    throw new Error(`the Kafka broker does not answer:\n${said.slice(-4000)}`)
  }

  /** What the broker wrote to its log. */
  async log(): Promise<string> {
    return readFile(join(this.#folder, 'broker.log'), 'utf8')
  }

  /** Ends the broker and removes its data. */
  async stop(): Promise<void> {
    await this.end()
    process.off('exit', this.#onExit)
    await rm(this.#folder, { recursive: true, force: true })
  }

  #spawn(log: number): ChildProcess {
    const memory = ['-Xms128m', `-Xmx${this.#heap}`, '-XX:+UseSerialGC', ...this.#archive]
    const quiet = '-Dorg.slf4j.simpleLogger.defaultLogLevel=warn'
    const main = ['kafka.Kafka', join(this.#folder, 'server.properties')]
    const [program, ...before] = this.#home.command
    const args = [...before, ...memory, quiet, '-cp', this.#home.classPath, ...main]
    return spawn(program, args, { stdio: ['ignore', log, log] })
  }

  async #end(signal: NodeJS.Signals): Promise<void> {
    const child = this.#child
    this.#child = undefined
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return
    const exit = once(child, 'exit')
    child.kill('SIGCONT')
    child.kill(signal)
    const last = setTimeout(() => child.kill('SIGKILL'), STOP_TIMEOUT_MS)
    await exit
    clearTimeout(last)
  }
}

/** Two ports that nobody uses at the moment. */
async function freePorts(): Promise<[number, number]> {
  const servers = [createServer(), createServer()]
  const ports: number[] = []
  for (const server of servers) {
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    const address: string | AddressInfo | null = server.address()
    if (typeof address === 'object' && address !== null) ports.push(address.port)
  }
  await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))))
  const [port = 0, controllerPort = 0] = ports
  return [port, controllerPort]
}

/** ApiVersions v0 is answered without an error. */
function answers(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1')
    const request = Buffer.alloc(14)
    request.writeInt32BE(10, 0)
    request.writeInt16BE(18, 4)
    request.writeInt32BE(7, 8)
    request.writeInt16BE(-1, 12)
    socket.on('connect', () => socket.write(request))
    socket.on('data', (answer) => {
      resolve(answer.length >= 10 && answer.readInt32BE(4) === 7 && answer.readInt16BE(8) === 0)
      socket.destroy()
    })
    socket.on('error', () => resolve(false))
    socket.on('close', () => resolve(false))
    socket.setTimeout(1000, () => socket.destroy())
  })
}
