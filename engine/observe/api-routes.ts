// The routes of the HTTP API as data: what each takes and answers. `http-api.ts` registers handlers
// for them, `/openapi.json` is made of them.
import { componentSchemas, keysBody, lookupParams, lookupQuery, viewParams } from './api-schemas.ts'
import type { HttpLimits } from './http-limits.ts'

export interface ApiRoute {
  readonly method: 'GET' | 'POST'
  readonly url: string
  readonly summary: string
  /** What fastify checks. */
  readonly request: {
    readonly params?: object
    readonly querystring?: object
    readonly body?: object
  }
  /** Status → name of a component schema, or a media type of its own. */
  readonly answers: Readonly<Record<string, ApiAnswer>>
}

export type ApiAnswer =
  | { readonly schema: string; readonly description: string }
  | { readonly mediaType: string; readonly description: string }

const always = {
  '401': error('The token is missing or wrong.'),
  '403': error('Asked under a foreign name, without a token.'),
  '500': error('Nobody foresaw it.'),
}
const lookupFaults = {
  '400': error('The key does not fit the view, or the request is no request.'),
  '404': error('There is no such view; the views that there are, are listed.'),
}

/** All routes. */
export function apiRoutes(limits: HttpLimits) {
  return { ...processRoutes(), ...featureRoutes(limits) }
}

function processRoutes() {
  const ready = { schema: 'Readiness', description: 'Not yet, or not any more.' }
  const metrics = { mediaType: 'text/plain', description: 'Prometheus text format.' }
  const description = { mediaType: 'application/json', description: 'OpenAPI 3.1.' }
  return {
    health: get('/health', 'Does the process live?', { '200': ok('Health') }),
    ready: get('/ready', 'Do all slots of all jobs run?', { '200': ok('Readiness'), '503': ready }),
    metrics: get('/metrics', 'Metrics for Prometheus.', { '200': metrics, ...always }),
    jobs: get('/jobs', 'Jobs, their tasks, and what their windows wait for.', {
      '200': ok('Jobs'),
      ...always,
    }),
    openApi: get('/openapi.json', 'This description.', { '200': description, ...always }),
  }
}

function featureRoutes(limits: HttpLimits) {
  const lookup: ApiRoute = {
    method: 'GET',
    url: '/features/:view/:key',
    summary: 'The newest row of one key; further key columns are parameters under their names.',
    request: { params: lookupParams, querystring: lookupQuery },
    answers: { '200': ok('Feature'), ...lookupFaults, ...always },
  }
  const lookups: ApiRoute = {
    method: 'POST',
    url: '/features/:view',
    summary: `The newest rows of up to ${limits.keysMax} keys, all as of one moment.`,
    request: { params: viewParams, body: keysBody(limits) },
    answers: {
      '200': ok('Features'),
      ...lookupFaults,
      '413': error('The body is too large.'),
      '415': error('The body is no JSON.'),
      ...always,
    },
  }
  const views = get('/features', 'Online views and their columns.', {
    '200': ok('Views'),
    ...always,
  })
  return { views, lookup, lookups }
}

/** The OpenAPI 3.1 description of the routes. */
export function openApi(routes: readonly ApiRoute[], version: string): object {
  const paths: Record<string, Record<string, object>> = {}
  for (const each of routes) {
    const path = each.url.replaceAll(/:(\w+)/g, '{$1}')
    paths[path] = { ...paths[path], [each.method.toLowerCase()]: operation(each) }
  }
  return {
    openapi: '3.1.0',
    info: {
      title: 'millrace',
      version,
      description: 'Live features, jobs and metrics of one worker process.',
    },
    paths,
    components: {
      schemas: componentSchemas,
      securitySchemes: {
        token: {
          type: 'http',
          scheme: 'bearer',
          description: 'Wanted only where the process has a token.',
        },
      },
    },
    security: [{}, { token: [] }],
  }
}

function operation({ method, url, summary, request, answers }: ApiRoute): object {
  const inPath = [...url.matchAll(/:(\w+)/g)].map(([, name]) => ({
    name,
    in: 'path',
    required: true,
    schema: { type: 'string' },
  }))
  const others = {
    name: 'columns',
    in: 'query',
    description: 'Further key columns, each under its own name.',
    style: 'form',
    explode: true,
    schema: request.querystring,
  }
  const parameters = request.querystring === undefined ? inPath : [...inPath, others]
  const words = url
    .replaceAll(/[^a-z]+/g, ' ')
    .trim()
    .split(' ')
  return {
    operationId: [method.toLowerCase(), ...words].join('-'),
    summary,
    ...(parameters.length > 0 ? { parameters } : {}),
    ...(request.body === undefined
      ? {}
      : { requestBody: { required: true, content: json(request.body) } }),
    responses: Object.fromEntries(
      Object.entries(answers).map(([status, answer]) => [
        status,
        {
          description: answer.description,
          content:
            'schema' in answer
              ? json({ $ref: `#/components/schemas/${answer.schema}` })
              : { [answer.mediaType]: {} },
        },
      ]),
    ),
  }
}

function json(schema: object): object {
  return { 'application/json': { schema } }
}

/** A route without parameters. */
function get(url: string, summary: string, answers: ApiRoute['answers']): ApiRoute {
  return { method: 'GET', url, summary, request: {}, answers }
}

function ok(schema: string): ApiAnswer {
  return { schema, description: 'The answer.' }
}

function error(description: string): ApiAnswer {
  return { schema: 'Error', description }
}
