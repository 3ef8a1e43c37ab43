import { DomainError } from '@muster/errors'

/** A UUID, also without its dashes, as the id of a trace is written. */
const uuid = /(?<![0-9a-f])([0-9a-f]{8})-?([0-9a-f]{4})-?([0-9a-f]{4})-?([0-9a-f]{4})-?([0-9a-f]{12})(?![0-9a-f])/g
/** The field of a log line, as JSON or as `npm start` prints it. A line may have ids of jobs and mails too. */
const field = /\brequestid["']?\s*[:=]\s*["']?([0-9a-f-]{32,36})/
/** Ids have the clock of the process that made them, which may be this much ahead. */
const clockToleranceMs = 86_400_000

/** The id of a request, and when it was made. */
export type RequestRef = { id: string; at: Date }

/**
 * Finds the id of a request in what a user pasted: in capitals, between quotes, with the name of the header or the field before it, as
 * the id of its trace, without dashes, or in a whole line of the log.
 * @throws DomainError VALIDATION_FAILED that tells what is wrong with it
 */
export function readRequestId(pasted: string, now: Date): RequestRef {
  const lowered = pasted.toLowerCase()
  const searched = field.exec(lowered)?.[1] ?? lowered
  const ids = [...new Set([...searched.matchAll(uuid)].map((parts) => parts.slice(1).join('-')))]
  const [id, another] = ids
  if (id === undefined)
    throw refused(
      'This is not the id of a request, such as 019c5d1e-6c50-7c3a-9d53-3a4b8a1f7a10. Muster answers it as X-Request-Id and logs it as requestId. ' +
        'An id that a caller chose stands in log lines as clientRequestId, beside that one.',
    )
  if (another !== undefined) throw refused(`There are several ids in this: ${ids.join(', ')}. Give one of them.`)
  if (id[14] !== '7')
    throw refused(
      `${id} is no id that Muster made for a request: those are UUIDs of version 7. Earlier releases made others; the export of the audit log has their events.`,
    )
  const at = new Date(Number.parseInt(id.replaceAll('-', '').slice(0, 12), 16))
  if (at.getTime() > now.getTime() + clockToleranceMs)
    throw refused(`${id} names a time that is still to come, so no request of this installation has it.`)
  return { id, at }
}

const refused = (message: string) => new DomainError('VALIDATION_FAILED', { message })
