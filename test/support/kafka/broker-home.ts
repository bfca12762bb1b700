// What a broker needs before it starts, kept between runs outside the project: the jars from Maven, a
// formatted data folder to copy, and an archive of loaded classes. Each is made in a folder of its own
// and renamed when it is whole, so that two runs at once and a killed run leave no half of it.
import { spawn } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { existsSync } from 'node:fs'
import { cp, mkdir, mkdtemp, readdir, rename, rm, writeFile } from 'node:fs/promises'
import { homedir } from 'node:os'
import { join } from 'node:path'
import { brokerSettings } from './broker-settings.ts'

export const KAFKA_VERSION = '4.1.1'

const endsWithParent = ['setpriv', '--pdeathsig', 'KILL', 'java'] as const

export interface BrokerHome {
  /** The class path, always in the same order: the archive of classes demands it. */
  readonly classPath: string
  /** A formatted data folder; copied, never started from. */
  readonly template: string
  /** Where the archive of loaded classes is, or will be. */
  readonly classArchive: string
  /** Runs Java: where the system can, so that it ends with the process that started it. */
  readonly command: readonly [string, ...string[]]
}

/** What runs a broker here: undefined where Java or Maven is missing. */
export async function findTools(): Promise<'java and maven' | undefined> {
  const found = await Promise.all([hasTool('java', '-version'), hasTool('mvn', '-version')])
  return found.every(Boolean) ? 'java and maven' : undefined
}

function cacheFolder(): string {
  const named = process.env.MILLRACE_KAFKA_CACHE
  return join(named ?? join(homedir(), '.cache', 'millrace-kafka'), KAFKA_VERSION)
}

/** Downloads, formats, or finds both done. */
export async function prepareBrokerHome(): Promise<BrokerHome> {
  const folder = cacheFolder()
  await mkdir(folder, { recursive: true })
  const libraries = join(folder, 'libs')
  await madeOnce(libraries, (target) => resolveLibraries(folder, target))
  const jars = (await readdir(libraries)).filter((name) => name.endsWith('.jar')).sort()
  const classPath = jars.map((name) => join(libraries, name)).join(':')
  const template = join(folder, 'template')
  await madeOnce(template, (target) => formatTemplate(classPath, target))
  const canEndTogether = await hasTool('setpriv', '--version')
  const command = canEndTogether ? endsWithParent : (['java'] as const)
  return { classPath, template, classArchive: join(folder, 'classes.jsa'), command }
}

/** Makes a folder beside its place and moves it there; who comes second uses the first one's. */
async function madeOnce(place: string, make: (target: string) => Promise<void>): Promise<void> {
  if (existsSync(place)) return
  const draft = await mkdtemp(`${place}-draft-`)
  try {
    const target = join(draft, 'made')
    await mkdir(target)
    await make(target)
    await rename(target, place).catch((error: unknown) => {
      if (!existsSync(place)) throw error
    })
  } finally {
    await rm(draft, { recursive: true, force: true })
  }
}

async function resolveLibraries(folder: string, target: string): Promise<void> {
  const pom = join(folder, `pom-${randomUUID()}.xml`)
  await writeFile(pom, pomText)
  const goal = 'dependency:copy-dependencies'
  try {
    const options = ['-DincludeScope=runtime', `-DoutputDirectory=${target}`]
    await run('mvn', ['-q', '-B', '-f', pom, goal, ...options])
  } finally {
    await rm(pom, { force: true })
  }
}

async function formatTemplate(classPath: string, target: string): Promise<void> {
  const draft = await mkdtemp(`${target}-`)
  const file = join(draft, 'server.properties')
  const data = join(draft, 'data')
  // The ports are not kept in what is formatted.
  await writeFile(file, brokerSettings({ data, port: 1, controllerPort: 2, settings: {} }))
  const id = Buffer.from(randomUUID().replaceAll('-', ''), 'hex').toString('base64url')
  const options = ['--standalone', '-t', id, '-c', file]
  const java = ['-Xmx128m', '-XX:TieredStopAtLevel=1', '-XX:+UseSerialGC', '-cp', classPath]
  await run('java', [...java, 'kafka.tools.StorageTool', 'format', ...options])
  await cp(data, target, { recursive: true })
  await rm(draft, { recursive: true })
}

async function hasTool(name: string, option: string): Promise<boolean> {
  try {
    await run(name, [option])
    return true
  } catch {
    return false
  }
}

/** Rejects with what the program said when it fails. */
function run(program: string, args: readonly string[]): Promise<void> {
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, { stdio: ['ignore', 'pipe', 'pipe'] })
    let said = ''
    const hear = (text: Buffer) => {
      said = (said + text.toString()).slice(-4000)
    }
    child.stdout.on('data', hear)
    child.stderr.on('data', hear)
    child.on('error', reject)
    child.on('close', (code) => {
      if (code === 0) resolve()
      else reject(new Error(`${program} ended with ${code}: ${said}`))
    })
  })
}

const pomText = `<?xml version="1.0" encoding="UTF-8"?>
<project xmlns="http://maven.apache.org/POM/4.0.0">
  <modelVersion>4.0.0</modelVersion>
  <groupId>millrace</groupId>
  <artifactId>kafka-broker</artifactId>
  <version>1</version>
  <packaging>pom</packaging>
  <dependencies>
    <dependency>
      <groupId>org.apache.kafka</groupId>
      <artifactId>kafka_2.13</artifactId>
      <version>${KAFKA_VERSION}</version>
    </dependency>
    <dependency>
      <groupId>org.slf4j</groupId>
      <artifactId>slf4j-simple</artifactId>
      <version>1.7.36</version>
    </dependency>
  </dependencies>
</project>
`
