import type { Person } from './people.ts'
import type { Stage } from './stage.ts'

/** Adds tasks of the person's, made by Postgres itself. */
export async function insertTasks({ db }: Pick<Stage, 'db'>, person: Person, count: number): Promise<void> {
  await db.query(
    `insert into tasks (id, owner_id, organization_id, title, description, due_date, priority, created_at)
     select uuidv7(), $1, $2, 'Paint the bench, coat ' || n, 'The old paint comes off first; then two thin coats.',
       now() + n * interval '1 minute', 'medium', now()
     from generate_series(1, $3::int) as n`,
    [person.id, person.organizationId, count],
  )
  await db.query('vacuum analyze tasks')
}

/** Ids of some of the person's tasks, spread over all of them. */
export async function someTasks({ db }: Pick<Stage, 'db'>, person: Person, count: number): Promise<string[]> {
  const { rows } = await db.query<{ id: string }>(
    'select id from tasks where owner_id = $1 order by md5(id::text) limit $2',
    [person.id, count],
  )
  return rows.map(({ id }) => id)
}
