// Where a start leaves its results, and the commands that show them.
import { existsSync } from 'node:fs'
import { join, relative, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { jobFolder, lakeFolder, logFolder } from '../run/data-folder.ts'
import { packageFile } from '../run/package-file.ts'

/** The data folder that commands use when none is named. */
export const DATA_DEFAULT = './.millrace'

/** The job that a start runs. */
export const JOB = { name: 'fraud-features', file: 'fraud.js' } as const

/** The compiled job. */
export function fraudJobFile(): string {
  return fileURLToPath(new URL(`../bitebridge/${JOB.file}`, import.meta.url))
}

/** What to type before a command: the package's own script in the repository, else npx. */
export function commandPrefix(): string {
  const isRepository = existsSync(packageFile('jobs', 'bootstrap.mjs'))
  return isRepository ? 'npm run millrace --' : 'npx millrace'
}

/** Places and commands as text; `user` is one that has features. */
export function placesText(data: string, user: string): string {
  const isDefault = resolve(data) === resolve(DATA_DEFAULT)
  const option = isDefault ? '' : ` --data ${shown(data)}`
  const rows: readonly (readonly [what: string, place: string, command: string])[] = [
    ['online store', jobFolder(data, JOB.name).run, `online get user_fraud_5m ${user}`],
    [
      'lake table',
      join(lakeFolder(data), 'features/user_fraud_5m'),
      'lake read features/user_fraud_5m --limit 5',
    ],
    ['output topic', jobFolder(data, JOB.name).run, 'log read fraud-features --limit 5'],
    ['late orders', join(lakeFolder(data), 'late/orders'), 'lake read late/orders'],
    ['dead letters', jobFolder(data, JOB.name).run, 'dead-letters ls'],
    ['input topics', logFolder(data), 'log read orders --limit 5'],
  ]
  const prefix = commandPrefix()
  const lines = rows.map(
    ([what, place, command]) =>
      `  ${what.padEnd(12)}  ${shown(place)}\n                ${prefix} ${command}${option}\n`,
  )
  return lines.join('')
}

/** A path as a person in the current folder would write it. */
export function shown(path: string): string {
  const near = relative(process.cwd(), path)
  return near.startsWith('..') ? path : near
}
