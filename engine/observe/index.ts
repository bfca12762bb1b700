// Observing: law checks round operators, metrics, logs, and the HTTP API.
export type {
  ApiSource,
  FeatureAnswer,
  FeatureKey,
  FeatureSource,
  FeatureView,
  JobView,
} from './api-source.ts'
export { type ApiOptions, type ApiServer, apiApp, type ServeOptions, serveApi } from './http-api.ts'
export { HTTP_LIMITS, type HttpLimits } from './http-limits.ts'
export { type JobReport, jobReport } from './job-report.ts'
export { checkedOperator } from './law-checks.ts'
export { createLog, type Log, type LogOptions } from './log.ts'
export { JobMetrics, type MetricsOptions } from './metrics.ts'
