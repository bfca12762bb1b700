// The benchmark of topics runs, on small inputs, and both ways read the same records.
import { expect, it, vi } from 'vitest'
import { run, small } from '../../bench/kafka-source.ts'
import { requireKafka } from '../support/kafka/require-broker.ts'

// The foreign client takes seconds to join a group.
vi.setConfig({ testTimeout: 60_000 })

requireKafka('the benchmark of topics', (brokers) => {
  it('reads the same amounts by both ways', async () => {
    const { records, sums } = await run(brokers(), small)
    expect(records).toBe(small.records)
    expect(sums).toHaveLength(1)
  })
})
