import type { Db } from '@muster/db'
import type { KeyRing } from '@muster/security/key-ring'
import { isHeadGenuine, type SignedHead } from './signed-head.ts'
import { holdsHead } from './stored-rows.ts'

/**
 * What a signed head says about the log:
 * - `matches`: the log has its event with this hash
 * - `forged`: no key of the ring signed it
 * - `differs`: the log has another event there
 * - `cut-off`: the log ends before it
 */
type HeadComparison = 'matches' | 'forged' | 'differs' | 'cut-off'

/** Compares a signed head with the log, by look-ups. That the events before it are whole is for a verification to tell. */
export async function compareHead(db: Db, keys: KeyRing, head: SignedHead): Promise<HeadComparison> {
  if (!isHeadGenuine(keys, head)) return 'forged'
  if (await holdsHead(db, head)) return 'matches'
  const end = await db.selectFrom('audit_events').select('seq').orderBy('seq', 'desc').limit(1).executeTakeFirst()
  return head.seq > (end?.seq ?? 0) ? 'cut-off' : 'differs'
}
