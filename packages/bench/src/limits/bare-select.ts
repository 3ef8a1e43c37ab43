import pg from 'pg'
import { setting } from '../setting.ts'
import { json, serveBare } from './bare-server.ts'

const pool = new pg.Pool({ connectionString: setting('DATABASE_URL'), max: Number(setting('BENCH_POOL_MAX')) })
const text = `select id, owner_id, assignee_id, organization_id, title, description, due_date, priority, category, status,
  link, completed_at, version, created_at, updated_at from tasks where id = $1`

await serveBare((app, body) => {
  app.get<{ Params: { id: string } }>('/api/v1/tasks/:id', async (request, reply) => {
    const { rowCount } = await pool.query({ name: 'task', text, values: [request.params.id] })
    return reply
      .code(rowCount === 1 ? 200 : 404)
      .type(json)
      .send(body)
  })
})
