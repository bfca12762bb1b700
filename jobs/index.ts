// The public face of millrace: what jobs import from 'millrace'.
export {
  type Job,
  type JobContext,
  job,
  KeyedStream,
  type Partitioner,
  type SinkDescription,
  type Step,
  Stream,
  StreamWithLate,
  type Topic,
  type TopicOptions,
  topic,
} from '../engine/graph/index.ts'
export {
  bool,
  bytes,
  date,
  decimal,
  float64,
  int32,
  int64,
  list,
  type RowOf,
  type Schema,
  schema,
  string,
  struct,
  timestamp,
} from '../engine/schema/index.ts'
export type { Duration } from '../engine/time/index.ts'
export {
  BadRecordError,
  ConfigError,
  FencedError,
  InvariantError,
  MillraceError,
  RetryableError,
  StateCorruptError,
  StateMismatchError,
  StorageError,
  UserCodeError,
} from '../engine/errors.ts'
export {
  lakeTable,
  onlineView,
  type OnlineViewOptions,
  topicSink,
  type TopicSinkOptions,
} from './sinks.ts'
