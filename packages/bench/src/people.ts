import { newId } from '@muster/db'
import { createPasswordHasher } from '@muster/security'
import { keys } from './keys.ts'
import type { Stage } from './stage.ts'

export const accessCookie = 'muster_at'
const password = 'a bench stands in the park'

export type Person = { id: string; email: string; organizationId: string }

/** A person with an organization of their own, as registering makes one. */
export async function insertPerson({ db }: Pick<Stage, 'db'>): Promise<Person> {
  const [id, organizationId] = [newId(), newId()]
  const name = `bench_${id.slice(-12)}`
  const email = `${name}@example.com`
  const hash = await createPasswordHasher({ keys: keys.password.keys, cost: 10 }).hash(password)
  await db.query('insert into organizations (id, name, is_personal) values ($1, $2, true)', [organizationId, name])
  await db.query(
    `insert into users (id, username, name, email, password_hash, role, organization_id)
     values ($1, $2, 'Bench Person', $3, $4, 'client_admin', $5)`,
    [id, name, email, hash, organizationId],
  )
  return { id, email, organizationId }
}

/** Signs in over HTTP. @returns the cookie header that a browser would send from then on */
export async function signIn(origin: string, { email }: Pick<Person, 'email'>): Promise<string> {
  const answer = await fetch(`${origin}/api/v1/auth/login`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ email, password }),
  })
  if (!answer.ok) throw new Error(`signing in was answered by ${answer.status}: ${await answer.text()}`)
  return answer.headers
    .getSetCookie()
    .map((cookie) => cookie.split(';', 1)[0])
    .join('; ')
}
