import { type Db, newId } from '@muster/db'
import { checkKeyRings } from '@muster/keys'
import { createPasswordHasher } from '@muster/security/password-hasher'
import { hashRecoveryCode, newRecoveryCodes } from '@muster/security/recovery-codes'
import { seal, totpSealContext } from '@muster/security/seal'
import { chainEvents } from '../../modules/audit/testing/audit-fixtures.ts'
import { baselineMoment, baselinePassword, baselineRings, baselineTotpSecret } from './baseline.ts'

const hourMs = 3_600_000
const at = (hours: number) => new Date(baselineMoment.getTime() + hours * hourMs)

/** Fills an empty, migrated database with examples of all data that an upgrade must keep. */
export async function fillBaseline(db: Db): Promise<void> {
  await checkKeyRings({ db }, baselineRings)
  const team = newId()
  await db
    .insertInto('organizations')
    .values({ id: team, name: 'Baseline Team', created_at: at(-999) })
    .execute()
  const users = await insertUsers(db, team)
  await insertFactor(db, users.grace)
  await insertWork(db, team, users)
  await insertTraces(db, team, users)
  const config = { keys: { audit: baselineRings.AUDIT_KEYS } }
  const deps = { config } as Parameters<typeof chainEvents>[0]['deps']
  await chainEvents({ db, deps }, 12, {
    createdAt: at(-800),
    actorId: users.ada,
    targetType: 'user',
    targetId: users.grace,
  })
  await chainEvents({ db, deps }, 12, { createdAt: at(-1), actorId: users.grace })
}

type UserIds = { ada: string; grace: string; linus: string }

async function insertUsers(db: Db, team: string): Promise<UserIds> {
  const passwords = createPasswordHasher({ keys: baselineRings.PASSWORD_KEYS, cost: 4 })
  const users = { ada: newId(), grace: newId(), linus: newId() }
  const roles = { ada: 'super_admin', grace: 'client_admin', linus: 'client_user' }
  for (const [name, id] of Object.entries(users) as [keyof UserIds, string][]) {
    const user = {
      id,
      username: name,
      name: `${name} of the baseline`,
      email: `${name}@example.test`,
      role: roles[name],
    }
    const own = {
      organization_id: name === 'ada' ? null : team,
      password_hash: await passwords.hash(baselinePassword),
      timezone: name === 'linus' ? 'Asia/Kolkata' : 'UTC',
      is_active: name !== 'linus',
      deactivated_by: name === 'linus' ? 'platform' : null,
      created_at: at(-900),
    }
    await db
      .insertInto('users')
      .values({ ...user, ...own })
      .execute()
    const session = { id: newId(), user_id: id, seed: Buffer.alloc(32, id), created_at: at(-2), last_used_at: at(-1) }
    await db
      .insertInto('sessions')
      .values({ ...session, rotated_at: at(-1), expires_at: at(24 * 6) })
      .execute()
  }
  return users
}

async function insertFactor(db: Db, userId: string): Promise<void> {
  const { keyId, sealed } = seal(baselineRings.ENCRYPTION_KEYS, baselineTotpSecret, totpSealContext(userId))
  const moment = { created_at: at(-100), confirmed_at: at(-100) }
  await db
    .insertInto('totp_secrets')
    .values({ id: newId(), user_id: userId, key_id: keyId, sealed, ...moment })
    .execute()
  await db.updateTable('users').set({ two_factor_method: 'totp' }).where('id', '=', userId).execute()
  const codes = newRecoveryCodes().slice(0, 2)
  for (const code of codes)
    await db
      .insertInto('recovery_codes')
      .values({ user_id: userId, code_hash: hashRecoveryCode(code) as Buffer, created_at: at(-100) })
      .execute()
}

const statuses = ['todo', 'in-progress', 'completed'] as const

async function insertWork(db: Db, team: string, { grace, linus }: UserIds): Promise<void> {
  for (let index = 0; index < 9; index++) {
    const status = statuses[index % 3] as (typeof statuses)[number]
    const task = {
      id: newId(),
      owner_id: index % 2 === 0 ? grace : linus,
      organization_id: team,
      title: `Baseline task ${index + 1}: report-final.pdf`,
      description: index % 2 === 0 ? 'Größe, 日本語 and emoji 👩‍💻' : null,
      due_date: at(24 * (index - 3)),
      status,
      completed_at: status === 'completed' ? at(-5) : null,
      created_at: at(-50),
    }
    await db.insertInto('tasks').values(task).execute()
    await db
      .insertInto('reminders')
      .values({ id: newId(), task_id: task.id, user_id: task.owner_id, scheduled_at: at(24 * index + 24 * 365 * 70) })
      .execute()
  }
}

async function insertTraces(db: Db, team: string, { ada, grace, linus }: UserIds): Promise<void> {
  const note = {
    id: newId(),
    user_id: grace,
    type: 'general',
    title: 'A note',
    message: 'Of the baseline',
    created_at: at(-3),
  }
  await db.insertInto('notifications').values(note).execute()
  const friendship = {
    id: newId(),
    requester_id: grace,
    addressee_id: linus,
    accepted_at: at(-20),
    created_at: at(-30),
  }
  await db.insertInto('friendships').values(friendship).execute()
  await db
    .insertInto('blocks')
    .values({ blocker_id: linus, blocked_id: ada, created_at: at(-9) })
    .execute()
  const settings = JSON.stringify({ language: 'en' })
  await db
    .insertInto('user_preferences')
    .values({ user_id: grace, settings, updated_at: at(-9) })
    .execute()
  const mail = { id: newId(), template: 'welcome', to_address: 'grace@example.test', user_id: grace, status: 'sent' }
  await db
    .insertInto('email_messages')
    .values({ ...mail, created_at: at(-40), sent_at: at(-40) })
    .execute()
  await db
    .insertInto('email_suppressions')
    .values({ address: 'gone@example.test', reason: '550 5.1.1', created_at: at(-40) })
    .execute()
  const invite = {
    id: newId(),
    email: 'newcomer@example.test',
    role: 'client_user',
    organization_id: team,
    inviter_id: grace,
  }
  const times = { created_at: at(-2), updated_at: at(-2), expires_at: at(24 * 7) }
  await db
    .insertInto('invites')
    .values({ ...invite, ...times, email_id: newId(), status: 'pending' })
    .execute()
}
