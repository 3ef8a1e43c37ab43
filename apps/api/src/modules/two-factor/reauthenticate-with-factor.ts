import { DomainError } from '@muster/errors'
import type { Actor, Origin } from '../../http/actor.ts'
import type { UserRow } from '../accounts/accounts.service.ts'
import { type CorrectCode, checkCode } from '../one-time-codes/check-code.ts'
import { checkOneTimeCode } from '../one-time-codes/one-time-codes.service.ts'
import { checkPassword, type PasswordDeps } from '../reauthentication/check-password.ts'
import { findActor, missingField, reauthenticate } from '../reauthentication/reauthenticate.ts'
import { checkFactorCode, sourceOfFactorCode } from './check-factor-code.ts'

/** The credentials that confirm a change of the second factor in use. */
export type FactorConfirmation = {
  password?: string | undefined
  /** The code of POST /auth/confirmation-code, for an account that has an app but no password. */
  confirmationCode?: string | undefined
  /** The code of the factor in use: of the app, a recovery code, or for the mailed factor the code that was mailed. */
  code: string
}

/**
 * Reauthenticates the actor by everything that a sign-in would require, before their second factor changes. The
 * transaction of the change consumes the code by `correctCode.use`.
 * @throws DomainError CONFLICT without a second factor, and what {@link reauthenticate} throws
 */
export async function reauthenticateWithFactor(
  deps: PasswordDeps,
  actor: Actor,
  { password, confirmationCode, code }: FactorConfirmation,
  origin: Origin,
): Promise<{ user: UserRow; correctCode: CorrectCode }> {
  const user = await findActor(deps, actor)
  const hasPassword = user.password_hash !== null
  switch (user.two_factor_method) {
    case 'totp': {
      if (!hasPassword && confirmationCode === undefined)
        throw missingField('confirmationCode', 'confirm with the code that POST /auth/confirmation-code mails')
      await reauthenticate(deps, actor, { password, code: confirmationCode, codeField: 'confirmationCode' }, origin)
      const check = () => checkFactorCode(deps, user, { code, origin })
      const source = sourceOfFactorCode(code)
      return { user, correctCode: await checkCode(deps, { user, origin, use: 'change-factor', source }, check) }
    }
    case 'otp': {
      if (hasPassword && password === undefined) throw missingField('password', 'confirm with your password')
      if (hasPassword && password !== undefined) await checkPassword(deps, user, { password, origin })
      return { user, correctCode: await checkOneTimeCode(deps, user, { purpose: 'confirm', code, origin }) }
    }
    default:
      throw new DomainError('CONFLICT', { message: 'No second factor is enabled.' })
  }
}
