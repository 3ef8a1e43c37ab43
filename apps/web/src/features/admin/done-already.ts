import type { MusterError } from '@muster/client'
import { m } from '../../paraglide/messages.js'

const sentences: Record<string, () => string> = {
  retried: m.ops_queues_already_retried,
  discarded: m.ops_queues_already_discarded,
  retriedOrDiscarded: m.ops_queues_already_several,
  paused: m.ops_queues_already_paused,
  resumed: m.ops_queues_already_resumed,
  accepted: m.ops_people_already_accepted,
  revoked: m.ops_people_already_revoked,
  queued: m.ops_mails_already_queued,
}

/** Tells what another operator did a moment earlier; undefined when the error is another one. */
export function doneAlready({ details }: MusterError): string | undefined {
  const done = details.find(({ code }) => code === 'DONE_ALREADY')
  return done && sentences[String(done.params.what)]?.()
}
