import { DomainError } from '@muster/errors'
import type { Deps } from '../../deps.ts'
import type { Origin } from '../../http/actor.ts'
import { addressKey } from '../../http/client-address.ts'
import { findUserByEmail, replacePasswordHash, type UserRow } from '../accounts/accounts.service.ts'
import { comparePassword } from '../reauthentication/check-password.ts'
import type { Login } from './sign-in.schema.ts'
import type { SignInChallenge } from './sign-in-challenge.ts'
import type { SignInDeps } from './sign-in-options.ts'
import { beginSignIn, type SignedIn } from './sign-in-steps.ts'

/**
 * Signs in by password. For an unknown e-mail, an account without a password and a wrong password, both the answer and its
 * timing are the same.
 * @throws DomainError INVALID_CREDENTIALS, ACCOUNT_LOCKED, ACCOUNT_INACTIVE, RATE_LIMITED, OVERLOADED
 */
export async function login(deps: SignInDeps, input: Login, origin: Origin): Promise<SignedIn | SignInChallenge> {
  const { db, guard } = deps
  const { email, password, rememberMe } = input
  const { user, needsRehash } = await guard.attempt(
    'login',
    addressKey(origin.ip),
    ['INVALID_CREDENTIALS'],
    async () => {
      const found = await findUserByEmail(db, email)
      const correct = await comparePassword(deps, { email, user: found, origin }, { password, use: 'login' })
      if (!found || !correct) throw new DomainError('INVALID_CREDENTIALS')
      return { user: found, ...correct }
    },
  )
  const current = needsRehash ? await rehash(deps, user, password) : user
  // The hash changed meanwhile, e.g. by a parallel sign-in: the password is compared with the new one.
  if (!current) return login(deps, input, origin)
  return beginSignIn(deps, current, { method: 'password', rememberMe, origin })
}

/** Hashes the password with the current key and cost. @returns the user with it; undefined when the hash changed meanwhile */
async function rehash(
  { db, passwords }: Pick<Deps, 'db' | 'passwords'>,
  user: UserRow,
  password: string,
): Promise<UserRow | undefined> {
  const to = await passwords.hash(password)
  const isReplaced = await replacePasswordHash(db, user.id, { from: user.password_hash, to })
  return isReplaced ? { ...user, password_hash: to } : undefined
}
