// ScriptedClock: time that moves only when somebody waits for it, so that a live run takes no time and
// happens the same way each time.
import { type Clock, yieldToEventLoop } from '../../engine/clock.ts'

/** Moves only when somebody waits; tells what time it is then. */
export class ScriptedClock implements Clock {
  micros: number
  readonly #onMove: (micros: number) => void

  constructor(micros: number, onMove: (micros: number) => void) {
    this.micros = micros
    this.#onMove = onMove
  }

  nowMicros(): number {
    return Math.floor(this.micros / 1000) * 1000
  }

  elapsedMs(): number {
    return this.micros / 1000
  }

  async delay(ms: number): Promise<void> {
    await yieldToEventLoop()
    this.micros += ms * 1000
    this.#onMove(this.micros)
  }

  every(): () => void {
    return () => undefined
  }
}
