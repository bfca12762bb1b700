// Serves a run over HTTP on loopback. Filled in with the HTTP API of engine/observe.
import type { PreparedRun } from './run-job.ts'

export interface RunServer {
  readonly url: string
  close(): Promise<void>
}

export async function serveRun(_run: PreparedRun, port: number): Promise<RunServer> {
  return { url: `http://127.0.0.1:${port}`, close: async () => {} }
}
