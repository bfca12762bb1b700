// Installs and builds what is missing or out of date. Law: a stamp stands only behind a finished
// install or build, and names the content that it was made from.
import { createHash } from 'node:crypto'
import { existsSync, readdirSync, rmdirSync, rmSync, writeFileSync } from 'node:fs'
import { join, relative, sep } from 'node:path'
import { runScript, runStep } from './child.mjs'
import { withLock } from './lock.mjs'
import { filesUnder, inRoot, readJson, readText, root, say } from './project.mjs'
import { Stop } from './stop.mjs'

const sourceFolders = ['engine', 'operators', 'connectors', 'jobs', 'bench']
const settingsFiles = ['package.json', 'package-lock.json', 'tsconfig.json']
const installStamp = inRoot('node_modules', '.millrace-stamp')
const buildStamp = inRoot('dist', '.stamp')

/** Costs a few milliseconds when there is nothing to do. */
export async function prepare() {
  if (isInstalled() && isBuilt()) return
  await withLock(async () => {
    if (!isInstalled()) await install()
    if (!isBuilt()) await build()
  })
}

// -------------------------------------------------------------------------------------- install

function isInstalled() {
  const expected = installFingerprint()
  const [digest, platform] = (readText(installStamp) ?? '').split(' ')
  if (`${digest} ${platform}` === expected) return true
  const otherPlatform = platform !== undefined && !expected.endsWith(` ${platform}`)
  if (otherPlatform || !installedVersionsAgree()) return false
  writeFileSync(installStamp, expected)
  return true
}

/** Native packages differ by platform, so a folder shared between two is not installed for both. */
function installFingerprint() {
  const digest = createHash('sha256')
    .update(readText(inRoot('package-lock.json')))
    .digest('hex')
  return `${digest} ${process.platform}-${process.arch}`
}

/** Whether the packages that npm noted down as installed are those of the lock file. */
function installedVersionsAgree() {
  if (!existsSync(inRoot('node_modules', '.package-lock.json'))) return false
  const installed = readJson('node_modules', '.package-lock.json').packages
  const locked = readJson('package-lock.json').packages
  const known = Object.entries(installed).every(
    ([path, { version }]) => locked[path]?.version === version,
  )
  const complete = Object.entries(locked).every(
    ([path, { optional }]) => path === '' || optional === true || path in installed,
  )
  return known && complete
}

/**
 * npm refuses a lock file that lacks optional packages of other platforms, as it is written where
 * the registry has none of them. Its versions are installed all the same, and nothing else.
 */
async function install() {
  say('installing packages (npm ci)')
  const clean = await runNpm(['ci'])
  if (clean.exitCode !== 0 && clean.output.includes('EUSAGE')) {
    say('npm ci finds the lock file incomplete; installing its versions (npm install --no-save)')
    const result = await runNpm(['install', '--no-save'])
    if (result.exitCode !== 0) throw installFailed('npm install', result)
    if (!installedVersionsAgree()) throw installFailed('npm ci', clean)
  } else if (clean.exitCode !== 0) {
    throw installFailed('npm ci', clean)
  }
  writeFileSync(installStamp, installFingerprint())
}

/** Runs the npm that started this process, or else the one in reach. */
function runNpm(command) {
  const args = [...command, '--include=dev', '--no-audit', '--no-fund', '--no-progress']
  const npm = process.env.npm_execpath
  return npm?.endsWith('npm-cli.js')
    ? runStep(process.execPath, [npm, ...args], { capture: true })
    : runStep(['npm', ...args].join(' '), [], { capture: true, shell: true })
}

function installFailed(command, { exitCode, output }) {
  process.stderr.write(output)
  return new Stop(
    'INSTALL_FAILED',
    `expected ${command} to succeed, found exit code ${exitCode}; see its output above`,
  )
}

// ---------------------------------------------------------------------------------------- build

function isBuilt() {
  return existsSync(inRoot('dist', 'jobs', 'main.js')) && readText(buildStamp) === fingerprint()
}

function fingerprint() {
  const hash = createHash('sha256')
  for (const path of [...settingsFiles, ...sourcePaths()]) {
    const text = readText(inRoot(path)) ?? ''
    hash.update(`${path}\0${text.length}\0`).update(text)
  }
  return hash.digest('hex')
}

/** The sources as sorted paths from the root with forward slashes. */
function sourcePaths() {
  return sourceFolders
    .flatMap((folder) => filesUnder(inRoot(folder)))
    .filter((path) => path.endsWith('.ts'))
    .map((path) => portable(relative(root, path)))
    .sort()
}

function portable(path) {
  return path.split(sep).join('/')
}

/**
 * The stamp is the fingerprint from before the build, so that a source saved meanwhile is built by
 * the next start. Output is written over the old one and pruned afterwards: a process that runs
 * from `dist` never misses a file whose source still exists.
 */
async function build() {
  const stamp = fingerprint()
  rmSync(buildStamp, { force: true })
  say('building')
  const result = await runScript('build', { capture: true })
  if (result.exitCode !== 0) {
    process.stderr.write(result.output)
    throw new Stop(
      'BUILD_FAILED',
      `expected the compiler to succeed, found exit code ${result.exitCode}; see its output above`,
    )
  }
  const stems = new Set(sourcePaths().map((path) => path.slice(0, -'.ts'.length)))
  pruneOutput(inRoot('dist'), stems)
  writeFileSync(buildStamp, stamp)
}

/** Deletes what was written for sources that no longer exist, and the folders left empty. */
function pruneOutput(folder, stems) {
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name)
    if (entry.name.startsWith('.')) continue
    if (entry.isDirectory()) pruneOutput(path, stems)
    else if (!stems.has(stemOf(path))) rmSync(path)
  }
  if (readdirSync(folder).length === 0) rmdirSync(folder)
}

function stemOf(output) {
  return portable(relative(inRoot('dist'), output)).replace(/(\.d\.ts|\.js)(\.map)?$/, '')
}
