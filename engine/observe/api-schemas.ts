// JSON schemas of what the HTTP API takes and answers; fastify checks requests by them, and
// `/openapi.json` shows them.
import type { HttpLimits } from './http-limits.ts'

const text = { type: 'string' }
const textOrNull = { type: ['string', 'null'] }
const number = { type: 'number' }
const integerOrNull = { type: ['integer', 'null'] }

/** An object with exactly these members. */
function object(properties: Readonly<Record<string, object>>, required?: readonly string[]) {
  return {
    type: 'object',
    properties,
    required: required ?? Object.keys(properties),
    additionalProperties: false,
  }
}

function list(items: object) {
  return { type: 'array', items }
}

/** A schema under `components`. */
function named(name: string) {
  return { $ref: `#/components/schemas/${name}` }
}

const answer = {
  key: { type: 'object', additionalProperties: text, description: 'Key columns by name.' },
  status: {
    enum: ['present', 'not_found', 'outside_max_age'],
    description: 'outside_max_age: there is a row, but it is older than the ttl of the view.',
  },
  values: {
    type: ['object', 'null'],
    additionalProperties: true,
    description: 'The row; null unless it is present. A feature that is null is null in the row.',
  },
  eventTime: { ...textOrNull, description: 'Event time of the record behind the row.' },
  knownTime: { ...textOrNull, description: 'When the epoch of the row was committed.' },
  epoch: integerOrNull,
  ageMs: { type: ['number', 'null'], description: 'Read clock minus the end of the window.' },
  readClock: {
    enum: ['wall', 'watermark'],
    description: 'What the age is told by: the wall clock, or the last watermark of a bounded run.',
  },
}

export const componentSchemas: Readonly<Record<string, object>> = {
  Error: object({
    code: text,
    message: text,
    expected: textOrNull,
    found: textOrNull,
    remedy: textOrNull,
  }),
  Health: object({ status: { const: 'alive' } }),
  Readiness: object({
    isReady: { type: 'boolean' },
    jobs: list(object({ job: text, state: text, slots: number, slotsUp: number })),
  }),
  Jobs: object({ jobs: list(named('Job')) }),
  Job: object({
    job: text,
    state: {
      enum: [
        ...['created', 'starting', 'running', 'restarting'],
        ...['stopping', 'ended', 'stopped', 'failed'],
      ],
    },
    mode: { enum: ['live', 'bounded'] },
    restarts: number,
    error: { anyOf: [object({ code: text, message: text }), { type: 'null' }] },
    slots: list(named('Slot')),
  }),
  Slot: object({
    slot: number,
    isUp: { type: 'boolean' },
    decidedEpoch: integerOrNull,
    deliveredEpoch: integerOrNull,
    recordsIn: number,
    tasks: list(named('Task')),
  }),
  Task: object({
    task: text,
    watermark: textOrNull,
    isEnded: { type: 'boolean' },
    channels: list(named('Channel')),
    waitsFor: { anyOf: [named('Wait'), { type: 'null' }] },
  }),
  Channel: object({
    channel: text,
    watermark: textOrNull,
    offset: number,
    lag: { type: ['number', 'null'], description: 'Records that are left, where that is known.' },
    isEnded: { type: 'boolean' },
    silentMs: { ...number, description: 'Since its last record, by the wall clock.' },
  }),
  Wait: {
    ...object({
      channel: text,
      since: text,
      heldBackMs: { type: ['number', 'null'] },
      text,
    }),
    description: 'The channel whose watermark is the least: windows of the task wait for it.',
  },
  Views: object({
    views: list(
      object({
        view: text,
        key: list(named('Column')),
        columns: list(named('Column')),
        ttlMs: number,
      }),
    ),
  }),
  Column: object({ name: text, type: text, nullable: { type: 'boolean' } }),
  Feature: object({ view: text, ...answer }),
  Features: object({ view: text, answers: list(object(answer)) }),
}

/** Parameters of one lookup: the first key column in the path, further ones by their names. */
export const lookupParams = object({ view: text, key: text })
export const lookupQuery = { type: 'object', additionalProperties: text }
export const viewParams = object({ view: text })

/** The body of a multi-get. */
export function keysBody({ keysMax, keyCharactersMax }: HttpLimits) {
  const part = {
    anyOf: [{ type: 'string', maxLength: keyCharactersMax }, number, { type: 'boolean' }],
  }
  const key = {
    anyOf: [
      ...part.anyOf,
      { type: 'array', items: part, minItems: 1, maxItems: 32 },
      { type: 'object', additionalProperties: part, minProperties: 1, maxProperties: 32 },
    ],
    description: 'One value, a list in the order of the key columns, or an object by column name.',
  }
  return object({ keys: { type: 'array', items: key, maxItems: keysMax } })
}
