import { newId } from '@muster/db'
import { canonicalEmailAddress } from '@muster/identifiers'
import { sendEmail } from '@muster/jobs/definitions'
import type { TransactContext } from '@muster/jobs/outbox'
import { sql } from 'kysely'
import type { TemplateDefinition } from './define-template.ts'
import { type TemplateData, type TemplateName, templates } from './templates.ts'

export type Mail<N extends TemplateName> = {
  template: N
  /** The address; stored trimmed and lower-cased. */
  to: string
  userId?: string
  data: TemplateData<N>
  /** After it the mail is dropped instead of sent; a mail with a code or token has its lifetime when none is given. */
  expiresAt?: Date
  /** The notification that says the same: the mail is dropped when that was read or deleted before it goes out. */
  notificationId?: string | undefined
}

/**
 * Writes the mail's row and orders its sending, both in the caller's transaction.
 * @returns the id of the `email_messages` row, from which the code or token of this mail is derived
 * @throws ZodError when the data is not what the template needs, which is a bug of the caller
 */
export async function insertMail<N extends TemplateName>(
  { trx, enqueue }: Pick<TransactContext, 'trx' | 'enqueue'>,
  mail: Mail<N>,
): Promise<string> {
  const id = newId()
  const template: TemplateDefinition = templates[mail.template]
  await trx
    .insertInto('email_messages')
    .values({
      id,
      template: mail.template,
      to_address: canonicalEmailAddress(mail.to),
      user_id: mail.userId ?? null,
      data: JSON.stringify(template.data.parse(mail.data)),
      expires_at: mail.expiresAt ?? lifetimeFromNow(template),
      notification_id: mail.notificationId ?? null,
    })
    .execute()
  enqueue(sendEmail, { emailId: id })
  return id
}

const lifetimeFromNow = ({ code, token }: TemplateDefinition) => {
  const { ttlMs } = code ?? token ?? {}
  return ttlMs ? sql<Date>`now() + make_interval(secs => ${ttlMs / 1_000})` : null
}
