// Files of this package, found the same way from the sources, from dist and from node_modules.
import { existsSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { assert } from '../../engine/errors.ts'

/** The path of a file or folder below the folder of package.json. */
export function packageFile(...names: readonly string[]): string {
  return join(packageRoot(), ...names)
}

function packageRoot(): string {
  let folder = dirname(fileURLToPath(import.meta.url))
  while (!existsSync(join(folder, 'package.json'))) {
    const above = dirname(folder)
    assert(above !== folder, 'no package.json above the program')
    folder = above
  }
  return folder
}
