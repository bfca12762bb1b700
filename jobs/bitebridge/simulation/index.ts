// The simulation of BiteBridge.
export type { SimulatedEvent } from './events.ts'
export { type SimulationOptions, simulate } from './simulate.ts'
export {
  type EventFileOptions,
  type EventFileSummary,
  SHIPPED_EVENTS,
  writeEventFiles,
} from './write-files.ts'
