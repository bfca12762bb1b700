// SIGTERM and SIGINT: the first asks for a last epoch and a clean end before the deadline; a second
// one ends the process at once, which loses nothing that was decided.
import type { Clock } from '../../engine/clock.ts'
import { SHUTDOWN_DEADLINE_MS } from '../../engine/limits.ts'

/** A signal sent to a whole process group arrives twice within a few milliseconds. */
const SAME_SIGNAL_MS = 300

/** Calls `stop` at the first signal. Returns what takes the handlers off again. */
export function onStopSignals(clock: Clock, stop: (signal: string) => void): () => void {
  let firstMs: number | undefined
  let endWatch: () => void = () => {}
  const handle = (signal: NodeJS.Signals): void => {
    const nowMs = clock.elapsedMs()
    if (firstMs === undefined) {
      firstMs = nowMs
      stop(signal)
      // Does not keep the process alive: one that ended in time is not killed later.
      endWatch = clock.every(SHUTDOWN_DEADLINE_MS, () => process.kill(process.pid, 'SIGKILL'))
    } else if (nowMs - firstMs > SAME_SIGNAL_MS) {
      process.stderr.write('Ending at once; the next start goes on from the last epoch.\n')
      process.kill(process.pid, 'SIGKILL')
    }
  }
  process.on('SIGTERM', handle)
  process.on('SIGINT', handle)
  return () => {
    endWatch()
    process.off('SIGTERM', handle)
    process.off('SIGINT', handle)
  }
}
