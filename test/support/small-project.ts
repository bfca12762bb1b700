// A project of a few files that is started like this one, for the tests of the start. Its compiler
// and whatever else a test needs are scripts of some lines; nothing is installed for it.
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const jobsFolder = fileURLToPath(new URL('../../jobs/', import.meta.url))

/** Compiles by copying, writes one line into `builds` for each run, waits while `wait` exists. */
const compiler = `
import { appendFileSync, existsSync, mkdirSync } from 'node:fs'
import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
appendFileSync('builds', 'built\\n')
mkdirSync('dist/jobs', { recursive: true })
for (const name of readdirSync('jobs').filter((name) => name.endsWith('.ts'))) {
  const text = readFileSync('jobs/' + name, 'utf8')
  if (text.includes('mistake')) throw new Error('does not compile')
  writeFileSync('dist/jobs/' + name.replace('.ts', '.js'), text)
}
while (existsSync('wait')) await new Promise((resolve) => setTimeout(resolve, 10))
`

/** Begins with one package installed and a main file that prints its arguments. */
export class SmallProject {
  readonly #folder = mkdtempSync(join(tmpdir(), 'millrace-bootstrap-'))

  constructor() {
    cpSync(join(jobsFolder, 'bootstrap.mjs'), join(this.#folder, 'jobs', 'bootstrap.mjs'))
    const support = join(this.#folder, 'jobs', 'bootstrap')
    cpSync(join(jobsFolder, 'bootstrap'), support, { recursive: true })
    this.write('package.json', {
      type: 'module',
      engines: { node: '>=20.19' },
      scripts: { build: 'node compiler.mjs', typecheck: 'node -e 0', lint: 'node -e 0' },
    })
    const packages = { 'node_modules/leaf': { version: '1.2.3' } }
    this.write('package-lock.json', { packages: { '': {}, ...packages } })
    this.write('node_modules/.package-lock.json', { packages })
    this.write('compiler.mjs', compiler)
    this.write('jobs/main.ts', 'console.log(JSON.stringify(process.argv.slice(2)))')
  }

  write(path: string, content: string | object): void {
    const file = join(this.#folder, path)
    mkdirSync(dirname(file), { recursive: true })
    writeFileSync(file, typeof content === 'string' ? content : JSON.stringify(content))
  }

  has(path: string): boolean {
    return existsSync(join(this.#folder, path))
  }

  remove(path: string): void {
    rmSync(join(this.#folder, path))
  }

  /** How often the compiler ran. */
  builds(): number {
    return readFileSync(join(this.#folder, 'builds'), 'utf8').split('\n').length - 1
  }

  /** Starts the project; `npm-cli.js` in its folder stands for npm. */
  launch(...args: string[]): ChildProcess {
    return spawn(process.execPath, ['jobs/bootstrap.mjs', ...args], {
      cwd: this.#folder,
      env: { ...process.env, npm_execpath: join(this.#folder, 'npm-cli.js') },
      stdio: ['ignore', 'pipe', 'pipe'],
    })
  }

  /** Starts the project and waits for its end. */
  start(...args: string[]): ReturnType<typeof collect> {
    return collect(this.launch(...args))
  }

  delete(): void {
    rmSync(this.#folder, { recursive: true, force: true })
  }
}

/** Resolves at the end of a child with all that it wrote. */
export async function collect(child: ChildProcess) {
  const output = { stdout: '', stderr: '' }
  child.stdout?.on('data', (chunk) => {
    output.stdout += chunk
  })
  child.stderr?.on('data', (chunk) => {
    output.stderr += chunk
  })
  const [exitCode] = await once(child, 'close')
  return { exitCode, ...output }
}

/** Resolves when the child has written `text` to stderr. */
export function says(child: ChildProcess, text: string): Promise<void> {
  let seen = ''
  return new Promise((resolve) => {
    child.stderr?.on('data', (chunk) => {
      seen += chunk
      if (seen.includes(text)) resolve()
    })
  })
}
