import { sendEmail } from '@muster/jobs/definitions'
import { handle, PermanentError, RetryLater } from '@muster/jobs/worker'
import type { Deps } from '../deps.ts'
import { batchStatements } from '../mails/batch-statements.ts'
import { deliverMail } from '../mails/deliver-mail.ts'
import { releaseAfterError } from '../mails/mail-outcome.ts'
import type { CircuitBreaker } from '../smtp/circuit-breaker.ts'

type Given = Pick<Deps, 'db' | 'clock' | 'smtp' | 'codeKeys' | 'webUrl' | 'publicUrl'> & {
  circuitBreaker: CircuitBreaker
}

/** So that the job runs after the mail's due time and not at the same millisecond. */
const marginMs = 10

/**
 * Sends the mail of one row. Its state decides, even with several jobs for one row: the mail is claimed under a lease,
 * and its outcome commits together with the job's acknowledgement. Only a crash between the server's final reply and
 * that commit can send a mail twice, with the same Message-ID.
 */
export function sendEmailHandler(given: Given) {
  const deps = { ...given, ...batchStatements(given) }
  return handle(sendEmail, async ({ emailId }, job) => {
    const permit = await deps.circuitBreaker.acquire(job.signal)
    try {
      const claim = await deps.claim(emailId)
      if (claim.kind === 'missing') throw new PermanentError(`there is no mail ${emailId}`)
      if (claim.kind === 'wait')
        throw new RetryLater('not due, or another worker holds the lease', Math.ceil(claim.forMs) + marginMs)
      if (claim.kind === 'claimed')
        await deliverMail(deps, claim.mail, job, permit).catch((error) =>
          releaseAfterError(deps, claim.mail, error, job),
        )
    } finally {
      permit.release()
    }
  })
}
