import { type KeyRingName, keyRingNames } from '@muster/config'
import { compareRings, describeRingFaults, type KnownKey, type Rings } from '@muster/keys'
import type { Manifest } from '../manifest/manifest.ts'
import { BackupRefusal } from '../refusal.ts'

/** The loss without a ring, or without a key of it that is missing here. */
const losses: Readonly<Record<KeyRingName, string>> = {
  ACCESS_TOKEN_KEYS: 'nothing, since all sessions end',
  REFRESH_TOKEN_KEYS: 'nothing, since all sessions end',
  PASSWORD_KEYS: 'users whose password was hashed with it must set a new one by mail',
  MAIL_CODE_KEYS: 'links in mails that turn the morning digest off stop working',
  COOKIE_KEYS: 'all browsers count as unknown until they sign in again',
  ENCRYPTION_KEYS:
    'authenticator apps that were set up with it give no valid codes; their users have their recovery codes',
  AUDIT_KEYS: 'the audit log cannot be verified',
}

/**
 * Compares the key rings of the environment with those that the backup was made with.
 * @returns a sentence for each key that is missing, with what is lost without it
 * @throws BackupRefusal when a key differs under the same id, or an audit key is missing: no process would start on the copy
 */
export function checkKeys({ keys }: Manifest, rings: Rings): string[] {
  const known: KnownKey[] = keys.map(({ ring, keyId, checkValue, becameCurrentAt }) => ({
    ring,
    keyId,
    checkValue: checkValue === null ? null : Buffer.from(checkValue, 'hex'),
    becameCurrentAt: becameCurrentAt === null ? null : new Date(becameCurrentAt),
  }))
  const faults = compareRings(rings, known, new Map())
  if (faults.length > 0)
    throw new BackupRefusal(
      `The key rings of the environment are not those of the backup. ${describeRingFaults(faults)}`,
    )
  return keyRingNames.flatMap((ring) => {
    const used = known.filter((key) => key.ring === ring && key.checkValue && key.becameCurrentAt)
    const missing = used.filter(({ keyId }) => !rings[ring]?.keys.has(keyId))
    return missing.map(({ keyId }) => `${ring} lacks the key "${keyId}" of the backup. Without it: ${losses[ring]}.`)
  })
}

/** Lists what every backup lacks and its operator must keep elsewhere. */
export const notInBackup =
  'Not in it: the key rings and other settings of the environment, Redis, and logs. Keep the settings elsewhere: without AUDIT_KEYS it cannot be restored, and without ENCRYPTION_KEYS authenticator apps stop working.'
