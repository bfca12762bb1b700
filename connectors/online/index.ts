// The embedded online store: its sink, its reader, its views.
export { entityKeyOf } from './entity-text.ts'
export {
  type EntityKey,
  featureStatus,
  type OnlineAnswer,
  type OnlineHandle,
  OnlineReader,
  type OnlineRequest,
  type OnlineSnapshot,
} from './online-reader.ts'
export { OnlineSink, type OnlineSinkOptions } from './online-sink.ts'
export {
  promoteView,
  type ViewDefinition,
  type ViewGeneration,
  type ViewMode,
  type ViewRecord,
} from './view-record.ts'
