import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { env, readDatabase } from './environment.ts'

const packageFolder = join(import.meta.dirname, '..')
const typesFile = join(packageFolder, '../../db/src/types.gen.ts')

/**
 * Generates db/src/types.gen.ts from the schema of the database.
 * @param isCheck writes nothing, and only compares
 * @throws Error when the check finds a difference
 */
export async function writeTypes(isCheck: boolean): Promise<void> {
  const codegen = join(packageFolder, 'node_modules/.bin/kysely-codegen')
  const args = ['--dialect', 'postgres', '--type-mapping', '{"int8":"number"}', '--exclude-pattern', 'kysely_*']
  const out = ['--out-file', typesFile, ...(isCheck ? ['--verify'] : [])]
  await promisify(execFile)(codegen, [...args, ...out], {
    env: { ...env, DATABASE_URL: readDatabase().url },
    cwd: packageFolder,
  }).catch((error: Error) => {
    throw isCheck ? new Error('db/src/types.gen.ts does not match the schema: run `pnpm db types`.') : error
  })
}
