import { newId } from '@muster/db'
import { createPasswordHasher } from '@muster/security'
import { keys } from './keys.ts'
import type { Stage } from './stage.ts'

export const accessCookie = 'muster_at'
export const bcryptCost = 10
const password = 'a bench stands in the park'

export type Person = { id: string; email: string; organizationId: string }

/** People with an organization of their own, as registering makes them. */
export async function insertPeople({ db }: Pick<Stage, 'db'>, count: number): Promise<Person[]> {
  const passwordHash = await createPasswordHasher({ keys: keys.password.keys, cost: bcryptCost }).hash(password)
  const people: Person[] = []
  for (let index = 0; index < count; index++) {
    const [id, organizationId] = [newId(), newId()]
    const name = `bench_${id.replaceAll('-', '').slice(-20)}`
    const email = `${name}@example.com`
    await db.query('insert into organizations (id, name, is_personal) values ($1, $2, true)', [organizationId, name])
    await db.query(
      `insert into users (id, username, name, email, password_hash, role, organization_id)
       values ($1, $2, 'Bench Person', $3, $4, 'client_admin', $5)`,
      [id, name, email, passwordHash, organizationId],
    )
    people.push({ id, email, organizationId })
  }
  return people
}

/** One of {@link insertPeople}. */
export async function insertPerson(stage: Pick<Stage, 'db'>): Promise<Person> {
  const [person] = await insertPeople(stage, 1)
  return person as Person
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
