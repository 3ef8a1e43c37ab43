import { newId } from '@muster/db'
import pg from 'pg'
import { setting } from '../setting.ts'
import { json, serveBare } from './bare-server.ts'

const pool = new pg.Pool({ connectionString: setting('DATABASE_URL'), max: Number(setting('BENCH_POOL_MAX')) })
const ownerId = setting('BENCH_OWNER_ID')
const text = 'insert into tasks (id, owner_id, title, due_date, priority) values ($1, $2, $3, $4, $5)'

await serveBare((app, body) => {
  app.post<{ Body: { title: string; dueDate: string; priority: string } }>('/api/v1/tasks', async (request, reply) => {
    const { title, dueDate, priority } = request.body
    await pool.query({ name: 'insert', text, values: [newId(), ownerId, title, dueDate, priority] })
    return reply.code(201).type(json).send(body)
  })
})
