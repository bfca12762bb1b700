// Where the project's files are, and how they are read. Paths are given from the project's root.
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

export const root = fileURLToPath(new URL('../..', import.meta.url))

export function inRoot(...names) {
  return join(root, ...names)
}

export function readJson(...names) {
  return JSON.parse(readFileSync(inRoot(...names), 'utf8'))
}

/** The text of a file, or undefined where there is none. */
export function readText(path) {
  try {
    return readFileSync(path, 'utf8')
  } catch (error) {
    if (error.code === 'ENOENT') return undefined
    throw error
  }
}

/** All files below a folder; none where the folder is absent. */
export function filesUnder(folder) {
  try {
    return readdirSync(folder, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => join(entry.parentPath, entry.name))
  } catch (error) {
    if (error.code === 'ENOENT') return []
    throw error
  }
}

/** One line about what is going on. Stdout is left to the data. */
export function say(line) {
  process.stderr.write(`millrace: ${line}\n`)
}
