import { type Cause, currentCause, withCause } from '@muster/cause'
import { newId } from '@muster/db'
import { canonicalEmailAddress } from '@muster/identifiers'
import { sendEmail } from '@muster/jobs/definitions'
import type { TransactContext } from '@muster/jobs/outbox'
import { sql } from 'kysely'
import type { TemplateDefinition } from './define-template.ts'
import { type TemplateData, type TemplateName, templates } from './templates.ts'

export type Mail<N extends TemplateName> = {
  template: N
  /** The recipient's address; stored in its canonical form. */
  to: string
  userId?: string
  data: TemplateData<N>
  /** After this instant the mail is dropped instead of sent. Defaults to the lifetime of the mail's code or token. */
  expiresAt?: Date
  /** The notification with the same content. The mail is dropped when the user reads or deletes that one first. */
  notificationId?: string | undefined
  /** The mail whose content an operator sends again with this one. */
  resentFrom?: string | undefined
  /** The cause of the mail; by default that of the running code. */
  cause?: Cause | undefined
}

type Tx = Pick<TransactContext, 'trx' | 'enqueue'>

/**
 * Inserts the mail's row and enqueues the job that sends it, both in the caller's transaction.
 * @returns the id of the `email_messages` row, from which the code or token of the mail is derived
 * @throws ZodError when the data does not match the template, which is a bug of the caller
 */
export async function insertMail<N extends TemplateName>(tx: Tx, mail: Mail<N>): Promise<string> {
  const [id] = await insertMails(tx, [mail])
  return id as string
}

/** Inserts mails like {@link insertMail}, in one statement. @returns their ids, in the order of `mails` */
export async function insertMails<N extends TemplateName>(
  { trx, enqueue }: Tx,
  mails: readonly Mail<N>[],
): Promise<string[]> {
  if (mails.length === 0) return []
  const rows = mails.map((mail) => toRow(mail))
  await trx.insertInto('email_messages').values(rows).execute()
  for (const [index, { id }] of rows.entries()) {
    withCause(mails[index]?.cause ?? currentCause(), () => enqueue(sendEmail, { emailId: id }))
  }
  return rows.map(({ id }) => id)
}

function toRow<N extends TemplateName>(mail: Mail<N>) {
  const template: TemplateDefinition = templates[mail.template]
  return {
    id: newId(),
    template: mail.template,
    to_address: canonicalEmailAddress(mail.to),
    user_id: mail.userId ?? null,
    data: JSON.stringify(template.data.parse(mail.data)),
    expires_at: mail.expiresAt ?? lifetimeFromNow(template),
    notification_id: mail.notificationId ?? null,
    resent_from: mail.resentFrom ?? null,
    request_id: (mail.cause ?? currentCause())?.requestId ?? null,
  }
}

const lifetimeFromNow = ({ code, token }: TemplateDefinition) => {
  const { ttlMs } = code ?? token ?? {}
  return ttlMs ? sql<Date>`now() + make_interval(secs => ${ttlMs / 1_000})` : null
}
