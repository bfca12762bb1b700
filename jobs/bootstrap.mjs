// Brings a fresh clone to a running program: checks Node, installs, builds, then starts the command
// line (`start`, `millrace`) or runs the checks (`test`). Called by the scripts of package.json.
// Law: nothing but Node's own modules is loaded, so that it works before anything is installed.
import { runChecks } from './bootstrap/checks.mjs'
import { forwardTo } from './bootstrap/child.mjs'
import { prepare } from './bootstrap/prepare.mjs'
import { inRoot, readJson } from './bootstrap/project.mjs'
import { Stop } from './bootstrap/stop.mjs'

const mainFile = inRoot('dist', 'jobs', 'main.js')

const verbs = {
  start: async (args) => {
    await prepare()
    return forwardTo(mainFile, ['start', ...args])
  },
  millrace: async (args) => {
    await prepare()
    return forwardTo(mainFile, args)
  },
  test: runChecks,
}

async function main([verb, ...args]) {
  checkNode()
  if (verb === undefined || !Object.hasOwn(verbs, verb)) {
    const names = Object.keys(verbs).join(', ')
    const found = verb === undefined ? 'nothing' : `"${verb}"`
    throw new Stop('USAGE', `expected one of ${names}, found ${found}; try \`npm start\``, 2)
  }
  return verbs[verb](args)
}

function checkNode() {
  const expected = readJson('package.json').engines.node
  const found = process.versions.node
  const [major, minor] = expected.match(/\d+/g).map(Number)
  const [foundMajor, foundMinor] = found.split('.').map(Number)
  if (foundMajor > major || (foundMajor === major && foundMinor >= minor)) return
  throw new Stop(
    'NODE_TOO_OLD',
    `expected Node ${expected}, found ${found}; install a newer Node and start again`,
    2,
  )
}

try {
  process.exitCode = await main(process.argv.slice(2))
} catch (error) {
  if (!(error instanceof Stop)) throw error
  process.stderr.write(`${error.message}\n`)
  process.exitCode = error.exitCode
}
