// Syntax trees of source texts, from the compiler itself. TypeScript calls this interface unstable,
// so the compiler is started here only. It parses and does no more: no types, no library, no files.
import type { Node, SourceFile } from 'typescript/unstable/ast'
import { API } from 'typescript/unstable/async'
import { createVirtualFileSystem } from 'typescript/unstable/fs'
import type { Finding } from './finding.ts'
import { linesOf, type SourceText } from './source-tree.ts'

export interface ParsedFile extends SourceText {
  readonly lines: readonly string[]
  readonly tree: SourceFile
}

const projectFile = '/project/tsconfig.json'
const compilerOptions = { allowJs: true, noLib: true, noResolve: true, types: [] }

/** All files at once: starting the compiler costs more than parsing a hundred files. */
export async function parse(texts: readonly SourceText[]): Promise<ParsedFile[]> {
  const files = texts.map(({ path }) => `/project/${path}`)
  const contents = Object.fromEntries(texts.map(({ path, text }) => [`/project/${path}`, text]))
  contents[projectFile] = JSON.stringify({ compilerOptions, files })
  const compiler = new API({ cwd: '/project', fs: createVirtualFileSystem(contents) })
  try {
    const snapshot = await compiler.updateSnapshot({ openProjects: [projectFile] })
    const program = snapshot.getProject(projectFile)?.program
    const trees = await Promise.all(files.map((file) => program?.getSourceFile(file)))
    return texts.map(({ path, text }, index) => {
      const tree = trees[index]
      if (tree === undefined) throw new Error(`expected the compiler to parse ${path}`)
      return { path, text, lines: linesOf(text), tree }
    })
  } finally {
    await compiler.close()
  }
}

/** Calls `see` for every node of a file, parents before children. */
export function visit(node: Node, see: (node: Node) => void): void {
  see(node)
  node.forEachChild((child) => {
    visit(child, see)
  })
}

/** Every node for which `look` has a message, as a finding at the line of the node. */
export function findNodes(
  files: readonly ParsedFile[],
  look: (node: Node, file: ParsedFile) => string | undefined,
): Finding[] {
  const findings: Finding[] = []
  for (const file of files) {
    visit(file.tree, (node) => {
      const message = look(node, file)
      if (message === undefined) return
      findings.push({ path: file.path, line: lineOf(node, file), message })
    })
  }
  return findings
}

/** The line of a node's first character, counted from 1. */
export function lineOf(node: Node, { tree }: ParsedFile): number {
  return tree.getLineAndCharacterOfPosition(node.getStart(tree)).line + 1
}

/** The line of a node's last character, counted from 1. */
export function lastLineOf(node: Node, { tree }: ParsedFile): number {
  return tree.getLineAndCharacterOfPosition(node.end).line + 1
}
