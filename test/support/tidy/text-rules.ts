// What no committed text contains, in any kind of file: things put off, and traces of one machine.
import { type Allowance, except, type Finding } from './finding.ts'
import { linesOf, type SourceText } from './source-tree.ts'

const putOff = /\b(TODO|FIXME)\b/
const machinePath = /(?<![\w.~}$)\]-])\/(?:(?:work|home|root|Users)\/|tmp\b)/
const packageHosts = new RegExp(
  [
    /(?<![\w-])registry\.[\w-]+\.\w+/,
    /artifactory|verdaccio|\bpypi\.org|pythonhosted\.org|\brepo1?\.maven\b/,
    /"resolved": "http/,
    /^\s*(@[\w-]+:)?registry\s*=/,
  ]
    .map(({ source }) => source)
    .join('|'),
  'i',
)

export function putOffWork(
  files: readonly SourceText[],
  allowances: readonly Allowance[],
): Finding[] {
  return findText(except(files, allowances), putOff, 'do it now, or leave it out')
}

export function machinePaths(
  files: readonly SourceText[],
  allowances: readonly Allowance[],
): Finding[] {
  const remedy = 'start from the folder of the project, or from os.tmpdir()'
  return findText(except(files, allowances), machinePath, remedy)
}

export function registryHosts(
  files: readonly SourceText[],
  allowances: readonly Allowance[],
): Finding[] {
  const remedy = 'leave the host to the configuration of the package manager'
  return findText(except(files, allowances), packageHosts, remedy)
}

function findText(files: readonly SourceText[], wanted: RegExp, remedy: string): Finding[] {
  return files.flatMap(({ path, text }) =>
    linesOf(text).flatMap((line, index) => {
      const found = wanted.exec(line)?.[0]
      if (found === undefined) return []
      return [{ path, line: index + 1, message: `contains "${found}"; ${remedy}` }]
    }),
  )
}
