import { newId } from '@muster/db'
import type { Deps } from '../../deps.ts'
import { isUniqueViolation } from '../../sql/unique-violation.ts'
import { findUserByEmail, insertUser } from '../accounts/accounts.service.ts'

type AdminDeps = Pick<Deps, 'db' | 'transact' | 'passwords' | 'clock'>

/**
 * Creates a super admin unless the e-mail has an account. Safe to repeat and to run in several processes at once: the
 * unique e-mail decides, and an existing account keeps its password.
 * @param admin.by what caused it, for the audit log
 * @returns `exists` when the account with this e-mail is a super admin, `taken` when it is not
 */
export async function createSuperAdmin(
  { db, transact, passwords, clock }: AdminDeps,
  { email, name, password, by }: { email: string; name: string; password: string; by: 'bootstrap' | 'operator' },
): Promise<'created' | 'exists' | 'taken'> {
  const findExisting = async () => {
    const owner = await findUserByEmail(db, email)
    return owner && (owner.role === 'super_admin' ? 'exists' : 'taken')
  }
  const existing = await findExisting()
  if (existing) return existing
  const passwordHash = await passwords.hash(password)
  const id = newId()
  return transact(async ({ trx, audit }) => {
    await insertUser(trx, {
      id,
      username: `admin_${id.slice(-12)}`,
      name,
      email,
      password_hash: passwordHash,
      role: 'super_admin',
      organization_id: null,
      created_at: clock.now(),
    })
    const after = { role: 'super_admin', by }
    audit({ action: 'user.created', actorId: null, targetType: 'user', targetId: id, after })
  }).then(
    () => 'created' as const,
    async (error: unknown) => {
      const winner = isUniqueViolation(error, 'users_email_key') && (await findExisting())
      if (!winner) throw error
      return winner
    },
  )
}

/** Creates the first super admin from the configuration, unless the e-mail has an account. */
export async function ensureBootstrapAdmin(deps: AdminDeps & Pick<Deps, 'config' | 'log'>): Promise<void> {
  const admin = deps.config.bootstrapAdmin
  if (!admin) return
  const outcome = await createSuperAdmin(deps, { ...admin, name: 'Administrator', by: 'bootstrap' })
  if (outcome === 'created')
    deps.log.info({ component: 'administration' }, 'first super admin created from BOOTSTRAP_ADMIN_EMAIL')
}
