// A process that delivers committables, for crash and race tests: node --import tsx
// deliver-child.ts <table folder> <folder of committables> <slot> [step:count]. It says "ready",
// waits for a line, delivers in order, and prints how many races it lost. With a step it kills
// itself in it.
import { once } from 'node:events'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { DeltaCommitter } from '../../../connectors/delta/delta-committer.ts'
import { systemClock } from '../../../engine/clock.ts'

const [folder = '', committables = '', slotText = '0', crash = ''] = process.argv.slice(2)
const [crashStep, crashCount] = crash.split(':')
const slot = Number(slotText)
const reached = new Map<string, number>()

const committer = new DeltaCommitter({
  table: 'orders',
  folder,
  clock: systemClock,
  temporaryPrefix: `child-${slot}-`,
  hook: (step) => {
    const count = (reached.get(step) ?? 0) + 1
    reached.set(step, count)
    if (step !== crashStep || count !== Number(crashCount)) return
    process.kill(process.pid, 'SIGKILL')
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0)
  },
})

process.stdout.write('ready\n')
await once(process.stdin, 'data')
for (const name of readdirSync(committables).sort()) {
  const permit = { slot, term: 1, epoch: Number(name), lineage: 'l1' }
  await committer.deliver(readFileSync(join(committables, name)), permit)
}
const attempts = reached.get('delta.temporary.synced') ?? 0
process.stdout.write(`lost ${attempts - (reached.get('delta.linked') ?? 0)}\n`)
process.exit(0)
