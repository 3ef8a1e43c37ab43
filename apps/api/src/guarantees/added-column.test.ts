import { sql } from 'kysely'
import { expect, onTestFinished, test } from 'vitest'
import { attachTo, makeTask } from '../modules/attachments/testing/upload-fixtures.ts'
import { buildTestApp } from '../testing/test-app.ts'

test('a migration of a newer release that adds columns fails no request of this one', async () => {
  const api = await buildTestApp()
  onTestFinished(() => api.close())
  await api.listen()
  const [user, friend] = [await api.signUp(), await api.signUp()]
  const task = await makeTask(user)
  const useAll = async (round: number) => {
    const file = await attachTo({ user, task }, `notes-${round}.txt`, 'Of this release')
    const changes = [
      await user.inject('PATCH', '/api/v1/users/me', { name: `Name ${round}` }),
      await user.inject('PATCH', `/api/v1/tasks/${task}`, { title: `Title ${round}` }),
      await user.inject('DELETE', `/api/v1/attachments/${file.id}`),
      await user.inject('PATCH', '/api/v1/organization', { name: `Team ${round}` }),
      await user.inject('POST', `/api/v1/friends/${friend.userId}/block`),
      await user.inject('DELETE', `/api/v1/friends/${friend.userId}/block`),
      await user.inject('GET', '/api/v1/users/me/export'),
    ]
    return changes.map(({ statusCode }) => statusCode)
  }
  const before = await useAll(1)
  expect(Math.max(...before)).toBeLessThan(300)
  const { rows } = await sql<{ table: string }>`
    select relname as table from pg_class where relkind in ('r', 'p') and not relispartition
      and relnamespace = 'public'::regnamespace and relname not like 'kysely%'`.execute(api.db)
  for (const { table } of rows) await sql`alter table ${sql.id(table)} add column of_tomorrow text`.execute(api.db)
  expect(await useAll(2)).toEqual(before)
})
