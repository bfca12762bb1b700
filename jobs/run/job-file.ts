// Loads a job from a file: JavaScript as it is, TypeScript through tsx without a build step.
import { existsSync } from 'node:fs'
import { register as registerHook } from 'node:module'
import { extname, resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import { ConfigError } from '../../engine/errors.ts'
import type { Job } from '../../engine/graph/index.ts'

let isTypeScriptReady = false

/**
 * The job that a file exports as default.
 * @throws ConfigError JOB_FILE_MISSING, JOB_FILE_INVALID, JOB_FILE_FAILS
 */
export async function loadJob(file: string): Promise<Job> {
  const path = resolve(file)
  if (!existsSync(path)) {
    throw new ConfigError({
      code: 'JOB_FILE_MISSING',
      message: `there is no job file ${file}`,
      expected: 'the path of a .ts or .js file',
      found: path,
      remedy: 'Check the path; it is relative to the current folder.',
    })
  }
  const module = await importJob(path, file)
  const job: unknown = module.default
  if (isJob(job)) return job
  throw new ConfigError({
    code: 'JOB_FILE_INVALID',
    message: `${file} does not export a job`,
    expected: "export default job('name', ({ from, to }) => { … })",
    found: `exports: ${Object.keys(module).join(', ') || 'none'}`,
    remedy: 'Export the job as default.',
  })
}

async function importJob(path: string, file: string): Promise<Record<string, unknown>> {
  if (!isTypeScriptReady && /^\.[mc]?tsx?$/.test(extname(path))) {
    const { register } = await import('tsx/esm/api')
    register()
    registerHook(import.meta.url.replace('job-file', 'typescript-format'))
    isTypeScriptReady = true
  }
  try {
    return await import(pathToFileURL(path).href)
  } catch (cause) {
    if (cause instanceof Error && 'code' in cause && 'expected' in cause) throw cause
    throw new ConfigError({
      code: 'JOB_FILE_FAILS',
      message: `${file} can not be loaded: ${oneLine(cause)}`,
      remedy: 'Correct the file.',
      cause,
    })
  }
}

/** Compilers tell of each fault on a line of its own. */
function oneLine(cause: unknown): string {
  const text = cause instanceof Error ? cause.message : String(cause)
  return text.trim().replaceAll(/\s*\n\s*/g, ' ')
}

function isJob(value: unknown): value is Job {
  return (
    typeof value === 'object' &&
    value !== null &&
    'kind' in value &&
    value.kind === 'millrace-job' &&
    'build' in value
  )
}
