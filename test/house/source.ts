/** A source tree as the compiler parses it: what each file imports, and what it takes from the world around it. */
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import type { Node, SourceFile } from 'typescript/unstable/ast'
import {
  isCallExpression,
  isExportDeclaration,
  isIdentifier,
  isImportDeclaration,
  isImportTypeNode,
  isNewExpression,
  isPropertyAccessExpression,
  isStringLiteral,
} from 'typescript/unstable/ast/is'
import { API } from 'typescript/unstable/sync'

export interface Module {
  /** From the root of the tree, e.g. `web/door.ts`. */
  file: string
  /** Files of the tree that it names: imports, types, re-exports, `import()`, and what a worker runs. */
  links: string[]
  /** Whatever else it imports, e.g. `koa`, `node:fs`. */
  packages: string[]
  /** Functions that it calls or constructs, e.g. `setTimeout`, `server.listen`, `new Date()`. */
  calls: string[]
  /** What it takes from `process`, e.g. `process.env`; `process` alone when the object is handed on. */
  process: string[]
  strings: string[]
  text: string
}

export function readTree(root: string): Module[] {
  const files = readdirSync(root, { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.ts'))
    .sort()
  const folder = mkdtempSync(path.join(tmpdir(), 'signet-house-'))
  const project = path.join(folder, 'tsconfig.json')
  const paths = files.map((file) => path.join(root, file))
  writeFileSync(project, JSON.stringify({ compilerOptions: { noLib: true, noResolve: true, types: [] }, files: paths }))
  const compiler = new API({ cwd: folder })
  try {
    const program = compiler.updateSnapshot({ openProject: project }).getProjects()[0]!.program
    return files.map((file) => moduleOf(file, program.getSourceFile(path.join(root, file))!, path.join(root, file)))
  } finally {
    compiler.close()
    rmSync(folder, { recursive: true })
  }
}

function moduleOf(file: string, source: SourceFile, location: string): Module {
  const text = readFileSync(location, 'utf8')
  const module: Module = { file, links: [], packages: [], calls: [], process: [], strings: [], text }
  const visit = (node: Node) => {
    note(module, node, source)
    node.forEachChild((child) => {
      visit(child)
    })
  }
  visit(source)
  return module
}

function note(module: Module, node: Node, source: SourceFile): void {
  const specifier = specifierOf(node, source)
  if (specifier !== undefined && !/^\.\.?\//.test(specifier)) module.packages.push(specifier)
  if (isStringLiteral(node)) {
    module.strings.push(node.text)
    // A worker's file is named by a string like an import's, and is as much a part of the picture.
    if (/^\.\.?\/.*\.ts$/.test(node.text)) module.links.push(path.join(path.dirname(module.file), node.text))
  }
  if (isCallExpression(node)) module.calls.push(node.expression.getText(source))
  if (isNewExpression(node)) {
    const given = node.arguments?.length ? '…' : ''
    module.calls.push(`new ${node.expression.getText(source)}(${given})`)
  }
  if (isIdentifier(node) && node.text === 'process') {
    const { parent } = node
    const inside = isPropertyAccessExpression(parent) && parent.expression === node
    module.process.push(inside ? `process.${parent.name.text}` : 'process')
  }
}

/** What stands in an import's quotes; `(computed)` when that cannot be read. */
function specifierOf(node: Node, source: SourceFile): string | undefined {
  if (isImportDeclaration(node) || isExportDeclaration(node))
    return node.moduleSpecifier && unquoted(node.moduleSpecifier, source)
  if (isImportTypeNode(node)) return unquoted(node.argument, source)
  if (!isCallExpression(node) || node.expression.getText(source) !== 'import') return undefined
  return node.arguments[0] && unquoted(node.arguments[0], source)
}

function unquoted(node: Node, source: SourceFile): string {
  return /^(['"])(.*)\1$/.exec(node.getText(source))?.[2] ?? '(computed)'
}
