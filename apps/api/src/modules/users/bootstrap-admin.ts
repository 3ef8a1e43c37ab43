import { newId } from '@muster/db'
import type { Deps } from '../../deps.ts'
import { isUniqueViolation } from '../../plugins/unique-violation.ts'
import * as queries from './users.queries.ts'

/**
 * Creates the first super admin from the environment when nobody has that e-mail yet. Safe to repeat and to race:
 * the unique e-mail decides, and an existing account keeps its password.
 */
export async function ensureBootstrapAdmin({
  config,
  db,
  transact,
  passwords,
  clock,
  log,
}: Pick<Deps, 'config' | 'db' | 'transact' | 'passwords' | 'clock' | 'log'>): Promise<void> {
  const admin = config.bootstrapAdmin
  if (!admin || (await queries.findByEmail(db, admin.email))) return
  const passwordHash = await passwords.hash(admin.password)
  const id = newId()
  await transact(async ({ trx, audit }) => {
    await queries.insert(trx, {
      id,
      username: `admin_${id.slice(-12)}`,
      name: 'Administrator',
      email: admin.email,
      password_hash: passwordHash,
      role: 'super_admin',
      organization_id: null,
      created_at: clock.now(),
    })
    audit({
      action: 'user.created',
      actorId: null,
      targetType: 'user',
      targetId: id,
      after: { role: 'super_admin', by: 'bootstrap' },
    })
  }).then(
    () => log.info('the first super admin was created from BOOTSTRAP_ADMIN_EMAIL'),
    (error: unknown) => {
      if (!isUniqueViolation(error, 'users_email_key')) throw error
    },
  )
}
