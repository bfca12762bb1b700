import { describe, expect, it } from 'vitest'
import { col } from '../../../engine/expression/index.ts'
import {
  type Job,
  type JobContext,
  job,
  logicalOperator,
  type Plan,
  planJob,
  Stream,
  type Topic,
  topic,
} from '../../../engine/graph/index.ts'
import { int32, schema, string, timestamp } from '../../../engine/schema/index.ts'
import {
  aggregate,
  count,
  deduplicate,
  filter,
  hoppingWindow,
  keyBy,
  rename,
  runningAggregate,
  select,
  settle,
  tumblingWindow,
  union,
  withPosition,
} from '../../../operators/index.ts'
import { topicSinkOf } from '../../support/test-sinks.ts'

const row = schema({ user: string(), shop: string(), n: int32(), at: timestamp() })
const keyed = topic('keyed', { schema: row, eventTime: 'at', key: 'user' })
const foreign = topic('foreign', {
  schema: row,
  eventTime: 'at',
  key: 'user',
  partitioner: 'unknown',
})

const sink = topicSinkOf('out')

function plan(define: (context: JobContext) => void, partitions: number | PartitionMap = 4): Plan {
  return planJob(made(define).build(), (of: Topic) =>
    typeof partitions === 'number' ? partitions : (partitions[of.name] ?? 1),
  )
}

type PartitionMap = Readonly<Record<string, number>>

function made(define: (context: JobContext) => void): Job {
  return job('test', define)
}

/** Each stage as `tasks: inputs > operators > sinks`. */
function shape({ stages }: Plan): string[] {
  return stages.map((stage) => {
    const ids = (of: readonly { readonly id: string }[]) => of.map(({ id }) => id).join('+')
    return `${stage.tasks}: ${ids(stage.inputs)} > ${ids(stage.operators)} > ${ids(stage.sinks)}`
  })
}

const perKey = runningAggregate({ n: count() })

describe('the planner', () => {
  it('puts a job that keeps its partitioning into one stage, its partitioner to be checked', () => {
    const planned = plan(({ from, to }) => to(from(keyed).pipe(keyBy('user'), perKey), sink))
    expect(shape(planned)).toEqual(['4: keyed > running-aggregate > topic:out'])
    expect(planned.stages[0]?.checkedInputs).toEqual(new Map([['keyed', ['user']]]))
  })

  it('ends a stage where the key is not the partition key', () => {
    const planned = plan(({ from, to }) => {
      to(
        from(keyed).pipe(
          filter(() => true),
          keyBy('shop'),
          perKey,
        ),
        sink,
      )
    })
    expect(shape(planned)).toEqual([
      '4: keyed > filter > ',
      '4: test.repartition.running-aggregate > running-aggregate > topic:out',
    ])
    expect(planned.stages[0]?.repartitions).toMatchObject([{ keys: ['shop'], channels: 4 }])
    expect(planned.stages[0]?.checkedInputs.size).toBe(0)
  })

  it('does not take the word of a partitioner that is unknown', () => {
    const define = ({ from, to }: JobContext) => {
      to(from(foreign).pipe(keyBy('user'), perKey), sink)
    }
    expect(shape(plan(define))).toHaveLength(2)
    expect(shape(plan(define, 1))).toEqual(['1: foreign > running-aggregate > topic:out'])
  })

  it('repartitions where a key column changed on the way, and not where it stayed', () => {
    const stays = plan(({ from, to }) => {
      to(from(keyed).pipe(select('user', 'n'), rename({ n: 'm' }), keyBy('user'), perKey), sink)
    })
    expect(stays.stages).toHaveLength(1)
    const changes = plan(({ from, to }) => {
      to(from(keyed).pipe(rename({ user: 'shop', shop: 'user' }), keyBy('user'), perKey), sink)
    })
    expect(changes.stages).toHaveLength(2)
  })

  it('keeps the partitioning behind a repartition, and shares it between operators', () => {
    const planned = plan(({ from, to }) => {
      const shops = from(keyed).pipe(keyBy('shop'))
      const unique = shops.pipe(deduplicate({ within: '1m', by: ['n'] }))
      to(unique.pipe(keyBy('shop'), perKey), sink)
      to(shops.pipe(runningAggregate({ n: count() }, { name: 'second' })), topicSinkOf('second'))
    })
    const operators = 'deduplicate+running-aggregate+second'
    expect(shape(planned)).toEqual([
      '4: keyed >  > ',
      `4: test.repartition.deduplicate > ${operators} > topic:out+topic:second`,
    ])
  })

  it('unites the stages of inputs that meet, if they have as many partitions', () => {
    const define = ({ from, to }: JobContext) => {
      to(from(keyed).pipe(union(from(foreign)), keyBy('shop'), perKey), sink)
    }
    expect(shape(plan(define))).toEqual([
      '4: keyed+foreign > union > ',
      '4: test.repartition.running-aggregate > running-aggregate > topic:out',
    ])
    expect(() => plan(define, { keyed: 4, foreign: 2 })).toThrow(/PARTITIONS_DIFFER.*4 and 2/)
  })

  it('leaves out what only closed sinks need, and keeps the ids of the whole job', () => {
    const define = ({ from, to }: JobContext) => {
      to(from(foreign).pipe(filter(() => true)), topicSinkOf('raw'))
      to(
        from(keyed).pipe(
          filter(() => true),
          keyBy('user'),
          perKey,
        ),
        sink,
      )
    }
    const opened = (...names: string[]) =>
      planJob(
        made(define).build(),
        () => 4,
        ({ description }) => names.includes(description.name),
      )
    const raw = '4: foreign > filter > topic:raw'
    const out = '4: keyed > filter-2+running-aggregate > topic:out'
    expect(shape(opened('raw', 'out'))).toEqual([raw, out])
    expect(shape(opened('out'))).toEqual([out])
    expect(shape(opened('raw'))).toEqual([raw])
  })

  it('wants late records routed or dropped by name', () => {
    const define =
      (isDropped: boolean) =>
      ({ from, to, drop }: JobContext) => {
        const windows = from(keyed).pipe(
          keyBy('user'),
          tumblingWindow({ size: '1m' }),
          aggregate({ n: count() }),
        )
        to(windows, sink)
        if (isDropped) drop(windows.late)
      }
    expect(() => plan(define(false))).toThrow('LATE_UNROUTED')
    expect(shape(plan(define(true)))).toEqual(['4: keyed > window > topic:out'])
  })

  it('refuses two operators with state under one id, and numbers those without', () => {
    const twice = ({ from, to }: JobContext) => {
      const users = from(keyed).pipe(keyBy('user'))
      to(users.pipe(perKey), sink)
      to(users.pipe(perKey), topicSinkOf('second'))
    }
    expect(() => plan(twice)).toThrow(/OPERATOR_ID_AMBIGUOUS.*running-aggregate/)
    const stateless = plan(({ from, to }) => {
      to(
        from(keyed).pipe(
          filter(() => true),
          filter(() => true),
        ),
        sink,
      )
    })
    expect(stateless.stages[0]?.operators.map(({ id }) => id)).toEqual(['filter', 'filter-2'])
  })

  it('gives the same plan each time the job is built', () => {
    const define = ({ from, to }: JobContext) => {
      to(from(keyed).pipe(keyBy('shop'), perKey), sink)
    }
    expect(shape(plan(define))).toEqual(shape(plan(define)))
  })
})

describe('a changelog', () => {
  const window = (allowedLateness: string) => tumblingWindow({ size: '1m', allowedLateness })
  const corrected = (context: JobContext) => {
    const rows = context.from(keyed).pipe(keyBy('user'), window('10s'), aggregate({ n: count() }))
    context.drop(rows.late)
    return rows
  }

  it('is refused as input of a window, with the operator that makes it and what to do', () => {
    const define = (context: JobContext) => {
      const totals = corrected(context).pipe(
        keyBy('user'),
        hoppingWindow({ size: '1h', every: '30m', name: 'second' }),
        aggregate({ windows: count() }),
      )
      context.drop(totals.late)
      context.to(totals, sink)
    }
    expect(() => plan(define)).toThrow(
      /CHANGELOG_INPUT: operator "second".*changelog of "window".*Put settle\(\) before "second"/,
    )
  })

  it('is taken by a window once settle has made its rows final', () => {
    const stages = plan((context) => {
      const totals = corrected(context).pipe(
        settle(),
        keyBy('user'),
        hoppingWindow({ size: '1h', every: '30m', name: 'second' }),
        aggregate({ windows: count() }),
      )
      context.drop(totals.late)
      context.to(totals, sink)
    })
    expect(shape(stages)).toEqual(['4: keyed > window+settle-window+second > topic:out'])
  })

  it('that never becomes final is not told to settle', () => {
    const define = (context: JobContext) => {
      const totals = context.from(keyed).pipe(keyBy('user'), perKey)
      const windows = totals.pipe(keyBy('user'), window('0s'), aggregate({ m: count() }))
      context.drop(windows.late)
      context.to(windows, sink)
    }
    expect(() => plan(define)).toThrow(/CHANGELOG_INPUT: .*never become final: use a window/)
  })

  it('is refused to an operator that does not say it takes one, also behind others', () => {
    const define = (takesChangelog: boolean) => (context: JobContext) => {
      const rows = corrected(context).pipe(withPosition(), filter(col('n').gt(1)))
      const operator = logicalOperator({
        kind: 'look-up',
        inputs: [rows.reference],
        outputs: [rows.output],
        takesChangelog,
        instantiate: () => ({ onBatch: (batch, _, out) => out.emit(batch) }),
      })
      context.to(new Stream({ operator, port: 0 }), sink)
    }
    expect(() => plan(define(false))).toThrow(/CHANGELOG_INPUT: operator "look-up".*"filter"/)
    expect(plan(define(true)).stages).toHaveLength(1)
  })

  it('is refused to a sink of final rows, and to a topic without a key', () => {
    const finalOnly = { ...sink, finalOnly: true }
    expect(() => plan((context) => context.to(corrected(context), finalOnly))).toThrow(
      /CHANGELOG_SINK: sink "topic:out".*Put settle\(\)/,
    )
    const keyless = (context: JobContext) => {
      context.to(corrected(context).pipe(select('n', 'window_end')), sink)
    }
    expect(() => plan(keyless)).toThrow(/CHANGELOG_KEYLESS: sink "topic:out".*"select"/)
    const withKey = { ...sink, options: { ...sink.options, key: ['n'] } }
    const named = (context: JobContext) => {
      context.to(corrected(context).pipe(select('n', 'window_end')), withKey)
    }
    expect(plan(named).stages).toHaveLength(1)
  })
})
