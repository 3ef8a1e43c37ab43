import { execFile } from 'node:child_process'
import { cp, mkdir, symlink, writeFile } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { promisify } from 'node:util'
import { inheritedEnv } from '@muster/testing'
import { root, sourceFile } from '../system/programs.ts'

const run = promisify(execFile)

/** The code of the commands and of the database; all other folders of sources are the same in the next release. */
const sources = ['package.json', 'db', 'packages', 'apps/api']
const leftOut = new Set(['dist', '.muster', '.turbo'])

/**
 * Copies this code into a folder as the code of a next release, with one migration more: it makes an empty table with the name.
 * @returns the name of the migration, and the code of the commands
 */
export async function copyAsNextRelease(folder: string, table: string): Promise<{ migration: string; cli: string }> {
  await mkdir(join(folder, 'apps'), { recursive: true })
  // Links between packages are relative, so that they lead to the copies.
  const options = { recursive: true, verbatimSymlinks: true, filter: (path: string) => !leftOut.has(basename(path)) }
  for (const path of sources) await cp(join(root, path), join(folder, path), options)
  await symlink(join(root, 'node_modules'), join(folder, 'node_modules'))
  const command = async (...args: string[]) =>
    (await run(process.execPath, [sourceFile('migrate', folder), ...args], { env: inheritedEnv() })).stdout
  const [, name = ''] = /^migrations\/(\w+)\.ts/.exec(await command('new', table)) ?? []
  await writeFile(
    join(folder, 'db/migrations', `${name}.ts`),
    `import { type Kysely, sql } from 'kysely'

export const up = (db: Kysely<unknown>) => sql\`create table ${table} ()\`.execute(db)
export const down = (db: Kysely<unknown>) => sql\`drop table ${table}\`.execute(db)
`,
  )
  await command('seal')
  return { migration: name, cli: sourceFile('cli', folder) }
}
