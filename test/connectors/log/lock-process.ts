// A process that takes a lock and ends itself, as `kill -9` would, at the named step; at the step
// `waiting` it takes nothing and stays until it is killed. Run by file-lock.test.ts.
import { lockFile } from '../../../connectors/log/file-lock.ts'

const [path = '', at = '', skip = '0'] = process.argv.slice(2)
let left = Number(skip)
if (at === 'waiting') {
  process.stdout.write('waiting\n')
  setInterval(() => {}, 1000)
} else {
  await lockFile(path, {
    hook: (step) => {
      if (step === at && left-- === 0) process.kill(process.pid, 'SIGKILL')
    },
  })
  process.exit(3)
}
