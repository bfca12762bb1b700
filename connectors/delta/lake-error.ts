// Errors of reading lake tables: they name what there is, so that the next try succeeds.
import { ConfigError } from '../../engine/errors.ts'

export function tableMissing(name: string, known: readonly string[]): ConfigError {
  return new ConfigError({
    code: 'LAKE_TABLE_MISSING',
    message: `there is no lake table "${name}"`,
    expected: known.length === 0 ? 'a table' : `one of ${known.join(', ')}`,
    found: known.length === 0 ? 'no table in the lake' : `"${name}"`,
    remedy: 'List the tables with `millrace lake ls`.',
  })
}

export function versionMissing(name: string, version: number, last: number): ConfigError {
  return new ConfigError({
    code: 'LAKE_VERSION_MISSING',
    message: `the table "${name}" has no version ${version}`,
    expected: `a version from 0 to ${last}`,
    found: `${version}`,
    remedy: 'See the versions with `millrace lake history`.',
  })
}

export function timeOutside(
  name: string,
  asked: string,
  side: 'before the first' | 'after the last',
  commit: string,
): ConfigError {
  return new ConfigError({
    code: side === 'before the first' ? 'LAKE_TIME_TOO_EARLY' : 'LAKE_TIME_TOO_LATE',
    message: `the time lies ${side} commit of "${name}"`,
    expected: side === 'before the first' ? `${commit} or later` : `${commit} or earlier`,
    found: asked,
    remedy: 'Ask for a time within the history, or leave it out for the latest version.',
  })
}
