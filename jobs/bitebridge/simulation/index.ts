// The simulation of BiteBridge.
export { type SimulatedEvent, type SimulationOptions, simulate } from './simulate.ts'
export {
  type EventFileOptions,
  type EventFileSummary,
  SHIPPED_EVENTS,
  writeEventFiles,
} from './write-files.ts'
