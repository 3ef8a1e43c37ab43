import { cp, mkdir, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { createClient } from '@hey-api/openapi-ts'
import openapiTS, { astToString } from 'openapi-typescript'
import { compileProject } from './compile.ts'

const own = (path: string) => fileURLToPath(new URL(`../${path}`, import.meta.url))
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
  return compileProject(folder)
}
