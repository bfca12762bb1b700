// The runtime: slots, tasks and what binds them to real systems.
export { DeadLetters, deadLetterSchema } from './dead-letters.ts'
export { recordDecoder } from './decoder.ts'
export type { BoundSink, DecidedReader, Deployment, OwnTopic, SinkContext } from './deployment.ts'
export { isFinal, type JobEvent, type JobState, nextJobState } from './life-cycle.ts'
export { Slot, type SlotParts } from './slot.ts'
export { SlotControl } from './slot-control.ts'
export { type SlotError, type SlotMessage, slotError } from './slot-messages.ts'
export type {
  ChannelStatus,
  SlotEnd,
  SlotSettings,
  SlotStatus,
  TaskStatus,
} from './slot-settings.ts'
export { Supervisor, type SupervisorParts } from './supervisor.ts'
