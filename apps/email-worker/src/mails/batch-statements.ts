import type { Deps } from '../deps.ts'
import { batched } from './batched.ts'
import type { ClaimResult, SentMail } from './claimed-mail.ts'
import { leaseMs } from './lease.ts'
import { claimMails, markMailsSent } from './mails.queries.ts'

export type BatchedStatements = {
  claim(emailId: string): Promise<ClaimResult>
  /** @returns false when another worker holds the lease */
  markSent(mail: SentMail): Promise<boolean>
}

/** The two statements that each mail needs, batched: jobs that run at the same time share round trips and commits. */
export function batchStatements({ db, clock, codeKeys }: Pick<Deps, 'db' | 'clock' | 'codeKeys'>): BatchedStatements {
  return {
    claim: batched((ids) => claimMails(db, ids, { now: clock.now(), leaseMs, codeKeyId: codeKeys.currentId })),
    markSent: batched((mails) => markMailsSent(db, mails, clock.now())),
  }
}
