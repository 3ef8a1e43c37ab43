import { readLastVerification } from '@muster/audit'
import { counted } from '@muster/text'
import type { Notes } from '../finding.ts'
import type { Tools } from '../tools.ts'

/** Tells what the newest verification of the audit log found. Verifies nothing itself, which would read the whole log. */
export async function checkAuditChain({ postgres }: Tools, notes: Notes): Promise<void> {
  const last = await readLastVerification(await postgres())
  if (!last) return notes.fact('No verification by the page /ops/audit or over HTTP is recorded.')
  const { at, isComplete, checked, firstBrokenSeq, brokenSince } = last
  const end = isComplete ? 'reached the end of the log' : 'was stopped before the end of the log'
  notes.fact(`The verification of ${at.toISOString()} checked ${counted(checked, 'event')} and ${end}.`)
  if (firstBrokenSeq === null) return
  notes.find({
    id: 'audit-chain-broken',
    severity: 'error',
    what: `The chain of the audit log is broken from event number ${firstBrokenSeq} on; verifications have found it broken since ${(brokenSince ?? at).toISOString()}.`,
    remedy:
      'Copy the evidence before you change anything: a dump of the database and the log of the audit worker. Run `muster audit verify --heads audit-worker.log` with that log, and follow MusterAuditChainBroken in docs/runbooks.md. When the chain is whole again, verify it on the page /ops/audit: that takes this finding away.',
  })
}
