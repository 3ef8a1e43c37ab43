import { keyRing, parseEnv } from '@muster/config'
import { createDb, type Db, newId } from '@muster/db'
import { checkValueOf } from '@muster/security/check-value'
import { currentKey, type KeyRing } from '@muster/security/key-ring'
import { createPasswordHasher } from '@muster/security/password-hasher'
import { z } from 'zod'
import { env, readDatabase } from './environment.ts'
import { print } from './print.ts'

const password = 'Demo-Team-2026'
const team = [
  { username: 'demo_admin', name: 'Demo Admin', role: 'client_admin' },
  { username: 'demo_one', name: 'Demo One', role: 'client_user' },
  { username: 'demo_two', name: 'Demo Two', role: 'client_user' },
] as const
const statuses = ['todo', 'in-progress', 'completed'] as const
const priorities = ['low', 'medium', 'high'] as const
const tasksPerUser = 9
const dayMs = 86_400_000

/** Seeds the database of the environment and prints who can sign in. @throws Error in production */
export async function seedDatabase(): Promise<void> {
  const { NODE_ENV, PASSWORD_KEYS } = parseEnv(
    z.object({ NODE_ENV: z.string().optional(), PASSWORD_KEYS: keyRing() }),
    env,
  )
  if (NODE_ENV === 'production') throw new Error('Seeds cannot be inserted in production.')
  const db = createDb({ ...readDatabase(), poolMax: 2, applicationName: 'muster-seed' })
  try {
    const { emails, password } = await seed(db, PASSWORD_KEYS)
    print(`${emails.join(', ')} sign in with ${password}`)
  } finally {
    await db.destroy()
  }
}

/**
 * Inserts an example team: three users who can sign in with the returned password, and their tasks.
 * @throws Error when the database has users other than administrators: real and made-up users must not mix
 */
async function seed(db: Db, passwordKeys: KeyRing): Promise<{ emails: string[]; password: string }> {
  const realUser = await db.selectFrom('users').select('id').where('organization_id', 'is not', null).executeTakeFirst()
  if (realUser)
    throw new Error('The database already has users. Seeds can only be inserted into a database without users.')
  await assertKnownKey(db, passwordKeys)
  const password_hash = await createPasswordHasher({ keys: passwordKeys, cost: 10 }).hash(password)
  const organization_id = newId()
  const users = team.map((member) => ({
    ...member,
    id: newId(),
    email: `${member.username}@muster.localhost`,
    organization_id,
    password_hash,
  }))
  const nowMs = Date.now()
  const tasks = users.flatMap(({ id: owner_id }) =>
    Array.from({ length: tasksPerUser }, (_, index) => {
      const status = statuses[index % statuses.length] ?? 'todo'
      return {
        id: newId(),
        owner_id,
        organization_id,
        title: `Example task ${index + 1}`,
        due_date: index === tasksPerUser - 1 ? null : new Date(nowMs + (index - 3) * dayMs),
        priority: priorities[index % priorities.length] ?? 'medium',
        category: index % 2 === 0 ? 'Work' : null,
        status,
        completed_at: status === 'completed' ? new Date(nowMs) : null,
      }
    }),
  )
  await db.transaction().execute(async (trx) => {
    await trx.insertInto('organizations').values({ id: organization_id, name: 'Demo Team' }).execute()
    await trx.insertInto('users').values(users).execute()
    await trx.insertInto('tasks').values(tasks).execute()
  })
  return { emails: users.map(({ email }) => email), password }
}

/** Checks the current password key against the API's: users hashed with another key could not sign in. @throws Error */
async function assertKnownKey(db: Db, passwordKeys: KeyRing): Promise<void> {
  const { id, key } = currentKey(passwordKeys)
  const known = await db
    .selectFrom('key_checks')
    .select('check_value')
    .where('ring', '=', 'PASSWORD_KEYS')
    .where('key_id', '=', id)
    .executeTakeFirst()
  if (known?.check_value && !known.check_value.equals(checkValueOf(key)))
    throw new Error(
      `PASSWORD_KEYS: the key "${id}" is not the one that this database was used with. Use the API's key.`,
    )
}
