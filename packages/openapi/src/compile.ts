import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'

const own = (path: string) => fileURLToPath(new URL(`../${path}`, import.meta.url))
const compilers = { '5.9': own('node_modules/typescript/bin/tsc'), '7': own('node_modules/typescript-7/bin/tsc') }

/** Compiles a project with two versions of TypeScript. @returns what the compilers say, by their version; empty texts when all is well */
export async function compileProject(path: string): Promise<Record<string, string>> {
  const results = await Promise.all(
    Object.entries(compilers).map(async ([version, tsc]) => [version, await compile(tsc, path)] as const),
  )
  return Object.fromEntries(results)
}

const compile = (tsc: string, path: string): Promise<string> =>
  new Promise((resolve) => {
    execFile(process.execPath, [tsc, '-p', path], (error, stdout) => resolve(error ? stdout || error.message : ''))
  })
