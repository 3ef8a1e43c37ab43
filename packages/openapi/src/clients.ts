import { execFile } from 'node:child_process'
import { cp, mkdir, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { createClient } from '@hey-api/openapi-ts'
import openapiTS, { astToString } from 'openapi-typescript'

const own = (path: string) => fileURLToPath(new URL(`../${path}`, import.meta.url))
const compilers = { '5.9': own('node_modules/typescript/bin/tsc'), '7': own('node_modules/typescript-7/bin/tsc') }
const compilerOptions = {
  strict: true,
  noEmit: true,
  module: 'esnext',
  moduleResolution: 'bundler',
  target: 'es2022',
  lib: ['es2023', 'dom', 'dom.iterable'],
  types: [],
  allowImportingTsExtensions: true,
}

/**
 * Generates clients of an OpenAPI document with openapi-typescript and with @hey-api/openapi-ts, and compiles front ends that use them
 * without casts (`fixtures/`), with two versions of TypeScript.
 * @returns what the compilers say, by their version; empty texts when all is well
 */
export async function compileFrontEnds(document: string): Promise<Record<string, string>> {
  const folder = own('node_modules/.clients')
  await rm(folder, { recursive: true, force: true })
  await mkdir(folder, { recursive: true })
  await cp(own('fixtures'), folder, { recursive: true })
  await writeFile(join(folder, 'openapi.json'), document)
  await writeFile(join(folder, 'tsconfig.json'), JSON.stringify({ compilerOptions, include: ['*.ts'] }))
  await writeFile(join(folder, 'api.ts'), astToString(await openapiTS(JSON.parse(document))))
  await createClient({ input: join(folder, 'openapi.json'), output: join(folder, 'client'), logs: { level: 'silent' } })
  const results = await Promise.all(
    Object.entries(compilers).map(async ([version, tsc]) => [version, await compile(tsc, folder)] as const),
  )
  return Object.fromEntries(results)
}

const compile = (tsc: string, folder: string): Promise<string> =>
  new Promise((resolve) => {
    execFile(process.execPath, [tsc, '-p', folder], (error, stdout) => resolve(error ? stdout || error.message : ''))
  })
