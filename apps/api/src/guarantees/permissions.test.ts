import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { permissions } from '@muster/policy'
import { expect, test } from 'vitest'
import { publicUser, user } from '../modules/accounts/accounts.schema.ts'
import { adminUser } from '../modules/admin/admin-users.schema.ts'
import { member } from '../modules/members/members.schema.ts'

const sourceFolder = join(import.meta.dirname, '..')
const policyFolder = join(sourceFolder, '../../../packages/policy/src')

test('every permission of the table is checked in the code', async () => {
  const sources = await Promise.all([sourceFolder, policyFolder].map(readSources))
  expect(Object.keys(permissions).filter((name) => !sources.join('\n').includes(`'${name}'`))).toEqual([])
})

async function readSources(folder: string): Promise<string> {
  const files = (await readdir(folder, { recursive: true })).filter(
    (file) => file.endsWith('.ts') && !file.endsWith('.test.ts') && file !== 'permissions.ts',
  )
  return (await Promise.all(files.map((file) => readFile(join(folder, file), 'utf8')))).join('\n')
}

test('every field of a user with restricted visibility is documented', async () => {
  const page = await readFile(join(sourceFolder, '../../../docs/permissions.md'), 'utf8')
  const fields = page.slice(page.indexOf('## Fields'), page.indexOf('## Besides'))
  const fieldNames = [user, publicUser, member, adminUser].flatMap(({ shape }) => Object.keys(shape))
  expect([...new Set(fieldNames)].filter((field) => !fields.includes(`\`${field}\``))).toEqual([])
})
