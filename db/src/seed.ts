import { checkValueOf, createPasswordHasher, currentKey, type KeyRing } from '@muster/security'
import { newId } from './ids.ts'
import type { Db } from './types.ts'

const password = 'Demo-Team-2026'
const people = [
  { username: 'demo_admin', name: 'Demo Admin', role: 'client_admin' },
  { username: 'demo_one', name: 'Demo One', role: 'client_user' },
  { username: 'demo_two', name: 'Demo Two', role: 'client_user' },
] as const
const statuses = ['todo', 'in-progress', 'completed'] as const
const priorities = ['low', 'medium', 'high'] as const
const tasksPerPerson = 9
const dayMs = 86_400_000

/**
 * Fills an empty database with a team to look at: three people who sign in with the returned password, and their tasks.
 * @throws when the database has people other than administrators, which nobody may mix with made-up ones
 */
export async function seed(db: Db, passwordKeys: KeyRing): Promise<{ emails: string[]; password: string }> {
  const stranger = await db.selectFrom('users').select('id').where('organization_id', 'is not', null).executeTakeFirst()
  if (stranger) throw new Error('The database has people already; seeds go only into one without.')
  await refuseOtherKey(db, passwordKeys)
  const password_hash = await createPasswordHasher({ keys: passwordKeys, cost: 10 }).hash(password)
  const organization_id = newId()
  const users = people.map((person) => ({
    ...person,
    id: newId(),
    email: `${person.username}@muster.localhost`,
    organization_id,
    password_hash,
  }))
  const nowMs = Date.now()
  const tasks = users.flatMap(({ id: owner_id }) =>
    Array.from({ length: tasksPerPerson }, (_, index) => {
      const status = statuses[index % statuses.length] ?? 'todo'
      return {
        id: newId(),
        owner_id,
        organization_id,
        title: `Example task ${index + 1}`,
        due_date: new Date(nowMs + (index - 3) * dayMs),
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

/** Nobody could sign in with a password that was hashed with another key than the API's. */
async function refuseOtherKey(db: Db, passwordKeys: KeyRing): Promise<void> {
  const { id, key } = currentKey(passwordKeys)
  const known = await db
    .selectFrom('key_checks')
    .select('check_value')
    .where('ring', '=', 'PASSWORD_KEYS')
    .where('key_id', '=', id)
    .executeTakeFirst()
  if (known?.check_value && !known.check_value.equals(checkValueOf(key)))
    throw new Error(`PASSWORD_KEYS: the key "${id}" is not the one that this database was used with. Take the API's.`)
}
