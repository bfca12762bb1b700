// The HTTP API of a worker process: health, readiness, metrics, jobs, and lookups in online views. It
// only reads. Lookups are synchronous and are answered from the loop of the main thread, which does
// nothing else; jobs run in threads of their own.
//
//   const server = await serveApi(source, { clock: systemClock, port: 8080 })
//   …
//   await server.close()
import fastify, { type FastifyInstance, type FastifyReply, type FastifyRequest } from 'fastify'
import type { Clock } from '../clock.ts'
import { ConfigError } from '../errors.ts'
import { typeName } from '../schema/index.ts'
import { accessCheck } from './api-access.ts'
import { apiFailure } from './api-error.ts'
import { apiRoutes, openApi } from './api-routes.ts'
import type { ApiSource, FeatureSource, FeatureView, JobView } from './api-source.ts'
import { featureKey, type RequestKey } from './feature-key.ts'
import { FeatureWriter } from './feature-text.ts'
import { HTTP_LIMITS, type HttpLimits } from './http-limits.ts'
import { jobReport } from './job-report.ts'
import type { Log } from './log.ts'
import { JobMetrics } from './metrics.ts'

/** Milliseconds between two looks at the slots' statuses, so that no epoch goes uncounted. */
const FOLLOW_EVERY_MS = 100
const JSON_TYPE = 'application/json; charset=utf-8'

export interface ApiOptions {
  readonly clock: Clock
  /** Address to bind. Default 127.0.0.1; others need a token. */
  readonly host?: string
  /** Default MILLRACE_TOKEN of the environment, or none. */
  readonly token?: string | undefined
  /** For `/openapi.json`. */
  readonly version?: string
  /** Default: metrics of its own, with those of the process. */
  readonly metrics?: JobMetrics
  /** Told of errors that nobody foresaw. */
  readonly log?: Log
  readonly limits?: Partial<HttpLimits>
}

export interface ServeOptions extends ApiOptions {
  /** 0: any free one. */
  readonly port: number
}

export interface ApiServer {
  /** `http://127.0.0.1:8080`. */
  readonly url: string
  readonly port: number
  readonly metrics: JobMetrics
  /** Ends open connections. */
  close(): Promise<void>
}

/**
 * Serves until `close`.
 * @throws ConfigError TOKEN_NEEDED, TOKEN_SHORT, ADDRESS_IN_USE
 */
export async function serveApi(source: ApiSource, options: ServeOptions): Promise<ApiServer> {
  const metrics = options.metrics ?? new JobMetrics(options.clock, { process: true })
  const app = apiApp(source, { ...options, metrics })
  const host = options.host ?? '127.0.0.1'
  app.server.maxConnections = limitsOf(options).connectionsMax
  try {
    await app.listen({ host, port: options.port })
  } catch (cause) {
    await app.close()
    throw addressFailed(host, options.port, cause)
  }
  const stopFollowing = options.clock.every(FOLLOW_EVERY_MS, () => metrics.follow(source.jobs()))
  const address = app.server.address()
  const port = typeof address === 'object' && address !== null ? address.port : options.port
  return {
    url: `http://${host.includes(':') ? `[${host}]` : host}:${port}`,
    port,
    metrics,
    async close() {
      stopFollowing()
      await app.close()
    },
  }
}

/** The API without a port, e.g. for `inject`. @throws ConfigError TOKEN_NEEDED, TOKEN_SHORT */
export function apiApp(source: ApiSource, options: ApiOptions): FastifyInstance {
  const { clock, log } = options
  const limits = limitsOf(options)
  const metrics = options.metrics ?? new JobMetrics(clock)
  const checkAccess = accessCheck(
    options.host ?? '127.0.0.1',
    'token' in options ? options.token : process.env.MILLRACE_TOKEN,
  )
  const app = newApp(limits)
  app.addHook('onRequest', async (request) => {
    const { host, authorization } = request.headers
    checkAccess({ route: request.routeOptions.url, host, authorization })
  })
  app.addHook('onResponse', async (request, reply) => {
    const route = request.routeOptions.url ?? 'unknown'
    metrics.responded(request.method, route, reply.statusCode, reply.elapsedTime / 1000)
  })
  app.setErrorHandler((error, request, reply) => fail(error, request, reply, log))
  const routes = apiRoutes(limits)
  app.setNotFoundHandler(() => {
    throw unknownRoute(Object.values(routes).map(({ method, url }) => `${method} ${url}`))
  })
  addProcessRoutes(app, routes, { source, clock, metrics, version: options.version ?? '0' })
  addFeatureRoutes(app, routes, source, metrics)
  return app
}

function newApp(limits: HttpLimits): FastifyInstance {
  return fastify({
    logger: false,
    bodyLimit: limits.bodyBytesMax,
    requestTimeout: limits.requestMs,
    keepAliveTimeout: limits.keepAliveMs,
    forceCloseConnections: true,
    routerOptions: { maxParamLength: limits.keyCharactersMax },
    http: {
      maxHeaderSize: limits.headerBytesMax,
      headersTimeout: limits.requestMs,
      connectionsCheckingInterval: Math.max(50, limits.requestMs / 10),
    },
    // Requests are refused as they are, never bent into shape.
    ajv: { customOptions: { coerceTypes: false, removeAdditional: false, useDefaults: false } },
    frameworkErrors: (error, request, reply) => fail(error, request, reply, undefined),
  })
}

interface ProcessParts {
  readonly source: ApiSource
  readonly clock: Clock
  readonly metrics: JobMetrics
  readonly version: string
}

type Routes = ReturnType<typeof apiRoutes>

function addProcessRoutes(
  app: FastifyInstance,
  routes: Routes,
  { source, clock, metrics, version }: ProcessParts,
): void {
  const description = openApi(Object.values(routes), version)
  app.get(routes.health.url, () => ({ status: 'alive' }))
  app.get(routes.ready.url, (_, reply) => {
    const readiness = readinessOf(source.jobs())
    return reply.code(readiness.isReady ? 200 : 503).send(readiness)
  })
  app.get(routes.metrics.url, async (_, reply) => {
    const text = await metrics.text(source.jobs())
    return reply.type(metrics.registry.contentType).send(text)
  })
  app.get(routes.jobs.url, () => {
    const nowMicros = clock.nowMicros()
    return { jobs: source.jobs().map((view) => jobReport(view, nowMicros)) }
  })
  app.get(routes.openApi.url, () => description)
}

function addFeatureRoutes(
  app: FastifyInstance,
  routes: Routes,
  source: ApiSource,
  metrics: JobMetrics,
): void {
  const writer = new FeatureWriter()
  app.get(routes.views.url, () => ({ views: (source.features?.views() ?? []).map(viewFacts) }))
  app.get<{ Params: { view: string; key: string }; Querystring: Record<string, string> }>(
    routes.lookup.url,
    { schema: routes.lookup.request },
    (request, reply) => {
      const { features, view } = found(source, request.params.view)
      const first = view.key[0]?.name ?? ''
      const parts = { ...request.query, [first]: request.params.key }
      const key = featureKey(view, parts)
      const answers = features.lookup(view.name, [key])
      metrics.lookedUp(view.name, answers)
      const [answer] = answers
      if (answer === undefined) throw new Error('no answer')
      return reply.type(JSON_TYPE).send(writer.one(view, key, answer))
    },
  )
  app.post<{ Params: { view: string }; Body: { keys: readonly RequestKey[] } }>(
    routes.lookups.url,
    { schema: routes.lookups.request },
    (request, reply) => {
      const { features, view } = found(source, request.params.view)
      const keys = request.body.keys.map((key) => featureKey(view, key))
      const answers = features.lookup(view.name, keys)
      metrics.lookedUp(view.name, answers)
      return reply.type(JSON_TYPE).send(writer.many(view, keys, answers))
    },
  )
}

function fail(
  error: unknown,
  request: FastifyRequest,
  reply: FastifyReply,
  log: Log | undefined,
): FastifyReply {
  const { status, body } = apiFailure(error)
  if (status >= 500) log?.error({ err: error, route: request.routeOptions.url }, 'request failed')
  if (status === 401) reply.header('www-authenticate', 'Bearer')
  return reply.code(status).type(JSON_TYPE).send(JSON.stringify(body))
}

function readinessOf(jobs: readonly JobView[]) {
  return {
    isReady: jobs.length > 0 && jobs.every(({ state }) => state === 'running'),
    jobs: jobs.map(({ job, state, slots, statuses }) => ({
      job,
      state,
      slots,
      slotsUp: statuses.length,
    })),
  }
}

function found(
  source: ApiSource,
  name: string,
): { readonly features: FeatureSource; readonly view: FeatureView } {
  const { features } = source
  const views = features?.views() ?? []
  const view = views.find((each) => each.name === name)
  if (features !== undefined && view !== undefined) return { features, view }
  const names = views.map((each) => each.name)
  throw new ConfigError({
    code: 'VIEW_UNKNOWN',
    message: `there is no online view "${name}"`,
    expected: names.length === 0 ? 'a view; there is none yet' : `one of ${names.join(', ')}`,
    found: `"${name}"`,
    remedy: 'See GET /features for the views there are.',
  })
}

function viewFacts({ name, key, fields, ttlMicros }: FeatureView) {
  const columns = (of: FeatureView['fields']) =>
    of.map((field) => ({ name: field.name, type: typeName(field.type), nullable: field.nullable }))
  return { view: name, key: columns(key), columns: columns(fields), ttlMs: ttlMicros / 1000 }
}

function unknownRoute(routes: readonly string[]): ConfigError {
  return new ConfigError({
    code: 'ROUTE_UNKNOWN',
    message: 'there is nothing at this address',
    expected: `one of ${routes.join(', ')}`,
    remedy: 'See GET /openapi.json.',
  })
}

function addressFailed(host: string, port: number, cause: unknown): ConfigError {
  return new ConfigError({
    code: 'ADDRESS_UNUSABLE',
    message: `the HTTP API can not be served on ${host}:${port}`,
    expected: 'a free port of an address of this machine',
    found: cause instanceof Error ? cause.message : String(cause),
    remedy: 'Choose another port, or end the process that has it.',
    cause,
  })
}

function limitsOf({ limits }: ApiOptions): HttpLimits {
  return { ...HTTP_LIMITS, ...limits }
}
