import { sql } from 'kysely'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { createHarness, type Harness } from '../testing/harness.ts'
import { dueQuery } from './due.queries.ts'

let harness: Harness
beforeAll(async () => {
  harness = await createHarness()
})
afterAll(() => harness.close())

test('a poll without due work reads one entry of each index, also of large tables', async () => {
  await sql`
    insert into reminders (id, task_id, user_id, scheduled_at)
    select gen_random_uuid(), ${harness.taskId}, ${harness.userId}, now() + interval '1 day' + n * interval '1 second'
    from generate_series(1, 20000) n`.execute(harness.db)
  await sql`
    insert into tasks (id, owner_id, title, due_date)
    select gen_random_uuid(), ${harness.userId}, 'Later', now() + interval '1 day' + n * interval '1 second'
    from generate_series(1, 20000) n`.execute(harness.db)
  await sql`
    insert into users (id, username, name, email, role, next_digest_at)
    select gen_random_uuid(), 'user' || n, 'U', n || '@example.test', 'operator', now() + interval '1 hour' + n * interval '1 second'
    from generate_series(1, 20000) n`.execute(harness.db)
  await harness.db.updateTable('users').set({ next_digest_at: null }).where('id', '=', harness.userId).execute()
  for (const table of ['reminders', 'tasks', 'users']) await sql`vacuum analyze ${sql.table(table)}`.execute(harness.db)

  const { rows } = await sql<{ 'QUERY PLAN': string }>`
    explain (analyze, buffers, costs off) ${dueQuery(new Date())}`.execute(harness.db)
  const plan = rows.map((row) => row['QUERY PLAN']).join('\n')
  for (const index of ['reminders_due', 'users_next_digest_at', 'tasks_upcoming_for', 'tasks_overdue_for']) {
    expect(plan).toContain(`Index Only Scan using ${index}`)
  }
  // For an index entry of a recently written page, Postgres may have to check the table row for visibility.
  expect(plan).not.toMatch(/Seq Scan|Heap Fetches: \d\d|Rows Removed/)
  expect(Number(/Buffers: shared hit=(\d+)/.exec(plan)?.[1])).toBeLessThanOrEqual(20)
})
