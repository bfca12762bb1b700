// The logical graph: topics, handles, operators as data, the planner.
export { type ExplainOptions, explainMermaid, explainText } from './explain.ts'
export {
  type Job,
  type JobContext,
  job,
  type LogicalJob,
  type LogicalSink,
  type OpenSinks,
  type SinkDescription,
  topicOf,
} from './job.ts'
export {
  insertOutput,
  type LogicalOperator,
  logicalOperator,
  type OperatorParts,
  type Order,
  type OutputDescription,
  type StreamReference,
} from './logical-operator.ts'
export { operatorIds, operatorsOf } from './operator-ids.ts'
export {
  type PartitionCounts,
  type Plan,
  type PlannedOperator,
  type PlannedReference,
  type PlannedSink,
  planJob,
  type Stage,
  type StageInput,
} from './plan.ts'
export { KeyedStream, Pipeable, type Step, Stream, StreamWithLate } from './stream.ts'
export {
  type DeadLetterLimit,
  type FieldPolicies,
  type Partitioner,
  type Topic,
  type TopicFormat,
  type TopicOptions,
  topic,
} from './topic.ts'
