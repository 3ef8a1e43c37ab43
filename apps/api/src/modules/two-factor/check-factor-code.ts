import { hashRecoveryCode } from '@muster/security/recovery-codes'
import type { Deps } from '../../deps.ts'
import type { Origin } from '../../http/actor.ts'
import type { UserRow } from '../accounts/accounts.service.ts'
import type { CorrectCode } from '../one-time-codes/check-code.ts'
import { type CodeSource, wrongCode } from '../one-time-codes/wrong-code.ts'
import { checkRecoveryCode } from './recovery-codes.ts'
import { newStepOfCode } from './totp-secrets.ts'
import * as queries from './two-factor.queries.ts'

/** Tells what made this code of a user whose factor is an app. */
export const sourceOfFactorCode = (code: string): CodeSource => (hashRecoveryCode(code) ? 'recovery' : 'app')

/** Checks a code of a user whose factor is an app: the app's code or a recovery code; undefined for a wrong one. */
export async function checkFactorCode(
  deps: Pick<Deps, 'db' | 'config' | 'clock'>,
  user: UserRow,
  { code, origin }: { code: string; origin: Origin },
): Promise<CorrectCode<'totp' | 'recovery-code'> | undefined> {
  const codeHash = hashRecoveryCode(code)
  if (codeHash) return checkRecoveryCode(deps, user, { codeHash, origin })
  const row = await queries.findTotp(deps.db, user.id)
  const step = row && newStepOfCode(deps, row, code)
  if (!row || step === undefined) return undefined
  return {
    kind: 'totp',
    async use({ trx }) {
      if (!(await queries.acceptStep(trx, row.id, step))) throw wrongCode('app')
    },
  }
}
