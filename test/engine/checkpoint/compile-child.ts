// Compiles a test's child process to JavaScript once, so that hundreds of runs stay cheap.
import { execFileSync } from 'node:child_process'
import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('../../..', import.meta.url))

/** @returns path of the script, below `work` */
export function compileChild(work: string, name = 'crash-child'): string {
  const js = join(work, 'js')
  mkdirSync(js)
  symlinkSync(join(root, 'node_modules'), join(js, 'node_modules'))
  writeFileSync(join(js, 'package.json'), '{"type":"module"}')
  const config = {
    extends: join(root, 'tsconfig.json'),
    compilerOptions: {
      rootDir: root,
      outDir: js,
      declaration: false,
      sourceMap: false,
      typeRoots: [join(root, 'node_modules/@types')],
    },
    include: [],
    files: [join(root, `test/engine/checkpoint/${name}.ts`)],
  }
  writeFileSync(join(work, 'tsconfig.json'), JSON.stringify(config))
  execFileSync(join(root, 'node_modules/.bin/tsc'), ['-p', join(work, 'tsconfig.json')])
  return join(js, `test/engine/checkpoint/${name}.js`)
}
