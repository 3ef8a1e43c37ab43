import pg from 'pg'
import { setting } from '../setting.ts'
import { json, serveBare } from './bare-server.ts'

const pool = new pg.Pool({ connectionString: setting('DATABASE_URL'), max: Number(setting('BENCH_POOL_MAX')) })
const [ownerId, organizationId] = [setting('BENCH_OWNER_ID'), setting('BENCH_ORGANIZATION_ID')]

const nameOf = (user: 'owner' | 'assignee') => `(
  select json_build_object('id', named.id, 'username', named.username, 'name', named.name, 'avatar_key', named.avatar_key)
  from users named where named.id = tasks.${user}_id
)`

/** The API's statements for the first page of a client_admin and for its total. */
const page = `
  with page as (
    select id, sort_key from (
      ${['tasks.owner_id = $1', 'tasks.organization_id = $2']
        .flatMap((reason) => [`${reason} and tasks.due_date is not null`, `${reason} and tasks.due_date is null`])
        .map(
          (condition) => `(select tasks.id, tasks.due_date as sort_key from tasks where ${condition}
            order by tasks.due_date, tasks.id limit 21)`,
        )
        .join(' union ')}
    ) found order by sort_key nulls last, id limit 21
  )
  select tasks.id as "id", tasks.owner_id as "ownerId", tasks.assignee_id as "assigneeId",
    tasks.organization_id as "organizationId", tasks.title as "title", tasks.description as "description",
    tasks.due_date as "dueDate", tasks.priority as "priority", tasks.category as "category", tasks.status as "status",
    tasks.link as "link", tasks.completed_at as "completedAt", tasks.version as "version", tasks.created_at as "createdAt",
    tasks.updated_at as "updatedAt",
    coalesce(to_char(page.sort_key at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'), 'none') as "sortKey",
    ${nameOf('owner')} as owner, case when tasks.assignee_id is not null then ${nameOf('assignee')} end as assignee,
    array_to_json(array(
      select row_to_json(a) from attachments a where a.task_id = tasks.id order by a.created_at, a.id
    )) as attachments,
    array_to_json(array(select row_to_json(r) from (
      select reminders.id as "id", reminders.task_id as "taskId", reminders.scheduled_at as "scheduledAt",
        reminders.offset_minutes as "offsetMinutes", reminders.type as "type", reminders.message as "message",
        reminders.status as "status", reminders.late as "late", reminders.sent_at as "sentAt",
        reminders.created_at as "createdAt"
      from reminders where task_id = tasks.id and user_id = $1 order by reminders.scheduled_at, reminders.id
    ) r)) as reminders
  from page join tasks on tasks.id = page.id order by page.sort_key nulls last, page.id`
const count = `
  select count(*) as total from (
    select from (
      (select from tasks where tasks.organization_id = $2 limit 10001)
      union all (select from tasks where tasks.owner_id = $1 and tasks.organization_id is distinct from $2 limit 10001)
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
