import { createPasswordHasher } from '@muster/security/password-hasher'
import { fastify } from 'fastify'
import nodemailer from 'nodemailer'
import pg from 'pg'
import { answer } from '../answer.ts'
import { keys } from '../keys.ts'
import { setting } from '../setting.ts'

// Registers as a backend without workers does: hash, one row, and the mail before the response.
const passwords = createPasswordHasher({ keys: keys.password.keys, cost: Number(setting('BENCH_BCRYPT_COST')) })
const db = new pg.Pool({ connectionString: setting('DATABASE_URL'), max: 4 })
const mailer = nodemailer.createTransport(setting('BENCH_SMTP_URL'), { pool: true } as object)
const app = fastify()

app.post('/api/v1/auth/register', async (request, reply) => {
  const { email, password } = request.body as { email: string; password: string }
  const hash = await passwords.hash(password)
  await db.query('insert into bench_registrations (email, hash) values ($1, $2)', [email, hash])
  await mailer.sendMail({ from: 'bench@example.com', to: email, subject: 'Your code', text: '123456' })
  return reply.status(202).send({ success: true })
})

await db.query('create table if not exists bench_registrations (email text, hash text)')
await app.listen({ host: '127.0.0.1', port: 0 })
answer(() => (app.server.address() as { port: number }).port)
