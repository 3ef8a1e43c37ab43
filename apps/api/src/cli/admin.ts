import { randomBytes } from 'node:crypto'
import { systemClock } from '@muster/db'
import { DomainError } from '@muster/errors'
import { emailAddress } from '@muster/identifiers'
import { createTransact, noPublisher } from '@muster/jobs/outbox'
import { checkKeyRings } from '@muster/keys'
import { createPasswordHasher } from '@muster/security/password-hasher'
import { passwordFaults } from '@muster/security/password-policy'
import { z } from 'zod'
import { displayName } from '../modules/accounts/accounts.schema.ts'
import { createSuperAdmin } from '../modules/admin/create-super-admin.ts'
import type { Result } from './command.ts'
import { checked, readPasswords, withDb } from './environment.ts'
import { readPassword } from './password-input.ts'

const options = z.object({ email: emailAddress, name: displayName })

/**
 * Creates a super admin, unless one has this e-mail already.
 * @throws Error for a weak password or an invalid option, DomainError CONFLICT when another user has the e-mail
 */
export async function createAdmin(given: { email?: string | undefined; name?: string | undefined }): Promise<Result> {
  const admin = checked(options, { email: given.email ?? '', name: given.name ?? 'Administrator' })
  const { database, PASSWORD_KEYS, BCRYPT_COST } = readPasswords()
  const typed = await readPassword()
  const password = typed || generatePassword(admin.email)
  const faults = passwordFaults(password, admin)
  if (faults.length > 0) throw new Error(`The password ${faults.map(({ message }) => message).join(', ')}.`)

  return withDb(database, async (db) => {
    await checkKeyRings({ db }, { PASSWORD_KEYS })
    const passwords = createPasswordHasher({ keys: PASSWORD_KEYS, cost: BCRYPT_COST })
    const deps = { db, passwords, clock: systemClock, transact: createTransact({ db, publisher: noPublisher }) }
    const outcome = await createSuperAdmin(deps, { ...admin, password, by: 'operator' })
    if (outcome === 'taken')
      throw new DomainError('CONFLICT', {
        message: 'A user who is no super admin has this e-mail. Nothing was changed.',
      })
    const { email } = admin
    if (outcome === 'exists')
      return {
        data: { email, outcome },
        lines: ['There is a super admin with this e-mail already. Nothing was changed.'],
      }
    return {
      data: { email, outcome, ...(!typed && { password }) },
      lines: [`${email} is a super admin.`, ...(typed ? [] : [`Password: ${password}`])],
    }
  })
}

function generatePassword(email: string): string {
  for (;;) {
    const password = randomBytes(18).toString('base64url')
    if (passwordFaults(password, { email }).length === 0) return password
  }
}
