import { DomainError } from '@muster/errors'
import type { Context } from '../../context.ts'
import type { Actor, Origin } from '../../http/actor.ts'
import type { UserRow } from '../accounts/accounts.service.ts'
import { checkProofCode, type RightCode } from '../one-time-codes/mailed-codes.ts'
import { tryCode } from '../one-time-codes/try-code.ts'
import { confirmPassword } from '../reauthentication/check-password.ts'
import { confirmPerson, missing, personOf } from '../reauthentication/reauthenticate.ts'
import { readTotpCode } from './totp-codes.ts'

/** What proves that it is the owner who changes a factor that is on. */
export type OwnerProof = {
  password?: string | undefined
  /** Mailed by POST /auth/confirmation-code, for an account that has an app but no password. */
  confirmationCode?: string | undefined
  /** Of the factor in use: the app's code, a recovery code, or for the mailed factor the code that was mailed. */
  code: string
}

/**
 * Makes sure that whoever changes the factor in use has all that a sign-in would ask for. The code is used up by
 * `right.use`, in the transaction of the change.
 * @throws DomainError CONFLICT without a factor, and what {@link confirmPerson} throws
 */
export async function proveOwner(
  context: Context,
  actor: Actor,
  { password, confirmationCode, code }: OwnerProof,
  origin: Origin,
): Promise<{ user: UserRow; right: RightCode }> {
  const user = await personOf(context, actor)
  const hasPassword = user.password_hash !== null
  switch (user.two_factor_method) {
    case 'totp': {
      if (!hasPassword && confirmationCode === undefined)
        throw missing('confirmationCode', 'confirm with the code that POST /auth/confirmation-code mails')
      await confirmPerson(context, actor, { password, code: confirmationCode }, origin)
      const read = () => readTotpCode(context, user, { code, origin })
      return { user, right: await tryCode(context, { user, origin, use: 'change-factor' }, read) }
    }
    case 'otp': {
      if (hasPassword && password === undefined) throw missing('password', 'confirm with your password')
      if (hasPassword && password !== undefined) await confirmPassword(context, user, { password, origin })
      return { user, right: await checkProofCode(context, user, { purpose: 'confirm', code, origin }) }
    }
    default:
      throw new DomainError('CONFLICT', { message: 'No second factor is on.' })
  }
}
