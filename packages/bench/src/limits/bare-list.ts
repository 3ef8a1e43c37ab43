import pg from 'pg'
import { setting } from '../setting.ts'
import { json, serveBare } from './bare-server.ts'

const pool = new pg.Pool({ connectionString: setting('DATABASE_URL'), max: Number(setting('BENCH_POOL_MAX')) })
const [ownerId, organizationId] = [setting('BENCH_OWNER_ID'), setting('BENCH_ORGANIZATION_ID')]

/** What the API asks Postgres for the first page of a client_admin, and how many tasks there are in all. */
const page = `
  with page as (
    select id, sort_key from (
      (select tasks.id, tasks.due_date as sort_key from tasks where tasks.owner_id = $1
        order by tasks.due_date, tasks.id limit 21)
      union
      (select tasks.id, tasks.due_date from tasks where tasks.assignee_id = $1 and tasks.organization_id = $2
        order by tasks.due_date, tasks.id limit 21)
      union
      (select tasks.id, tasks.due_date from tasks where tasks.organization_id = $2
        order by tasks.due_date, tasks.id limit 21)
    ) found order by sort_key, id limit 21
  )
  select tasks.id, tasks.owner_id, tasks.assignee_id, tasks.organization_id, tasks.title, tasks.description, tasks.due_date,
    tasks.priority, tasks.category, tasks.status, tasks.link, tasks.completed_at, tasks.version, tasks.created_at, tasks.updated_at,
    to_char(page.sort_key at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') as sort_key,
    (select coalesce(json_agg(a order by a.created_at, a.id), '[]') from attachments a where a.task_id = tasks.id) as attachments,
    (select coalesce(json_agg(r order by r.scheduled_at, r.id), '[]') from reminders r
      where r.task_id = tasks.id and r.user_id = $1) as reminders
  from page join tasks on tasks.id = page.id order by page.sort_key, page.id`
const count = `
  select count(*) as total from (
    select id from (
      (select tasks.id from tasks where tasks.owner_id = $1 limit 10001)
      union (select tasks.id from tasks where tasks.assignee_id = $1 and tasks.organization_id = $2 limit 10001)
      union (select tasks.id from tasks where tasks.organization_id = $2 limit 10001)
    ) found limit 10001
  ) counted`
const values = [ownerId, organizationId]

await serveBare((app, body) => {
  app.get('/api/v1/tasks', async (_request, reply) => {
    const [found, counted] = await Promise.all([
      pool.query({ name: 'page', text: page, values }),
      pool.query({ name: 'count', text: count, values }),
    ])
    return reply
      .code(found.rowCount && counted.rowCount ? 200 : 404)
      .type(json)
      .send(body)
  })
})
