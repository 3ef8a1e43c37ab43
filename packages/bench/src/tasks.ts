import type { Stage } from './stage.ts'
import type { User } from './users.ts'

/** Inserts tasks of the user in one statement. */
export async function insertTasks({ db }: Pick<Stage, 'db'>, user: User, count: number): Promise<void> {
  await db.query(
    `insert into tasks (id, owner_id, organization_id, title, description, due_date, priority, created_at)
     select uuidv7(), $1, $2, 'Paint the bench, coat ' || n, 'The old paint comes off first; then two thin coats.',
       now() + n * interval '1 minute', 'medium', now()
     from generate_series(1, $3::int) as n`,
    [user.id, user.organizationId, count],
  )
  await db.query('vacuum analyze tasks')
}

/** Returns the ids of `count` tasks of the user, evenly spread over all of them. */
export async function someTasks({ db }: Pick<Stage, 'db'>, user: User, count: number): Promise<string[]> {
  const { rows } = await db.query<{ id: string }>(
    'select id from tasks where owner_id = $1 order by md5(id::text) limit $2',
    [user.id, count],
  )
  return rows.map(({ id }) => id)
}

/** Inserts two attachments and a reminder for each of the 100 tasks of the user that are due next. */
export async function insertAttachmentsAndReminders({ db }: Pick<Stage, 'db'>, user: User): Promise<void> {
  const next = 'select id from tasks where owner_id = $1 order by due_date limit 100'
  await db.query(
    `insert into attachments (id, task_id, organization_id, uploader_id, filename, content_type, kind, status, size_bytes,
       original_size_bytes, storage_key)
     select uuidv7(), next.id, $2, $1, 'note-' || n || '.pdf', 'application/pdf', 'document', 'ready', 1000, 1000, 'none'
     from (${next}) next, generate_series(1, 2) n`,
    [user.id, user.organizationId],
  )
  await db.query(
    `insert into reminders (id, task_id, user_id, scheduled_at)
     select uuidv7(), next.id, $1, now() + interval '1 day' from (${next}) next`,
    [user.id],
  )
  await db.query('vacuum analyze attachments, reminders')
}

const tasksPerStatement = 50_000

/** Inserts tasks of users of other organizations, the same number for each user. */
export async function insertTasksOfOthers(
  { db }: Pick<Stage, 'db'>,
  { owners, count }: { owners: number; count: number },
): Promise<void> {
  await db.query(
    `with made as (select uuidv7() as id, uuidv7() as organization_id, n from generate_series(1, $1::int) n),
       organization as (
         insert into organizations (id, name, is_personal) select organization_id, 'Other', true from made)
     insert into users (id, username, name, email, role, organization_id)
     select id, 'other_' || n, 'Other', 'other_' || n || '@example.com', 'client_admin', organization_id from made`,
    [owners],
  )
  for (let start = 0; start < count; start += tasksPerStatement) {
    await db.query(
      `with others as (select id, organization_id, row_number() over (order by id) as n from users where username like 'other\\_%')
       insert into tasks (id, owner_id, organization_id, title, due_date, created_at)
       select uuidv7(), others.id, organization_id, 'Paint the bench, coat ' || task, now() + task * interval '1 minute', now()
       from generate_series($1::int, $2::int) task join others on others.n = 1 + task % $3`,
      [start + 1, Math.min(count, start + tasksPerStatement), owners],
    )
  }
  await db.query('vacuum analyze tasks')
}
