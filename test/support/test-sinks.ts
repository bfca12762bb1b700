// Sink descriptions for jobs in tests.
import type { SinkDescription } from '../../engine/graph/index.ts'

export function topicSinkOf(name: string): SinkDescription {
  return {
    kind: 'topic',
    name,
    options: {},
    promise: { delivery: 'exactly-once' },
    finalOnly: false,
  }
}
