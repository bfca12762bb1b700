// The runtime: slots, tasks and what binds them to real systems.
export { DeadLetters, deadLetterSchema } from './dead-letters.ts'
export { recordDecoder } from './decoder.ts'
export type { BoundSink, Deployment, SinkContext } from './deployment.ts'
export { Slot, type SlotParts } from './slot.ts'
export { SlotControl } from './slot-control.ts'
export type {
  ChannelStatus,
  SlotEnd,
  SlotSettings,
  SlotStatus,
  TaskStatus,
} from './slot-settings.ts'
