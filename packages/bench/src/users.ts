import { newId } from '@muster/db'
import { createPasswordHasher } from '@muster/security/password-hasher'
import { keys } from './keys.ts'
import type { LoadRequest } from './load/load.ts'
import type { Stage } from './stage.ts'

export const accessCookie = 'muster_at'
export const bcryptCost = 10
/** The password of all users that the bench inserts. */
export const benchPassword = 'a bench stands in the park'

export type User = { id: string; email: string; organizationId: string }

/** Inserts users with a personal organization each, as registration creates them. */
export async function insertUsers({ db }: Pick<Stage, 'db'>, count: number, cost = bcryptCost): Promise<User[]> {
  const passwordHash = await createPasswordHasher({ keys: keys.password.keys, cost }).hash(benchPassword)
  const users: User[] = []
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
    users.push({ id, email, organizationId })
  }
  return users
}

/** Inserts one user as {@link insertUsers} does. */
export async function insertUser(stage: Pick<Stage, 'db'>): Promise<User> {
  const [user] = await insertUsers(stage, 1)
  return user as User
}

/** The password is {@link benchPassword} unless it is given. */
export type Credentials = { email: string; password?: string }

/** Builds the request that signs the user in. */
export const loginRequest = ({ email, password = benchPassword }: Credentials): LoadRequest => ({
  method: 'POST',
  path: '/api/v1/auth/login',
  body: JSON.stringify({ email, password }),
})

/** Signs in over HTTP. @returns the cookie header that a browser would send from then on */
export async function signIn(origin: string, user: Credentials): Promise<string> {
  const { method, path, body } = loginRequest(user)
  const headers = { 'content-type': 'application/json' }
  const answer = await fetch(origin + path, { method, headers, body: body as string })
  if (!answer.ok) throw new Error(`signing in was answered by ${answer.status}: ${await answer.text()}`)
  return answer.headers
    .getSetCookie()
    .map((cookie) => cookie.split(';', 1)[0])
    .join('; ')
}
