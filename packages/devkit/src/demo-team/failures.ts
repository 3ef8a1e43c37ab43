import type { Client } from 'pg'
import { waitFor } from '../demo/wait-for.ts'
import { emailOf, type Team } from './team.ts'

const refusal = '550 5.1.1 <nobody@demo.example>: Recipient address rejected: User unknown'

/** Leaves what an operator has to look at: a mail that its server refused, and a job whose payload nobody can read. */
export async function leaveFailures(db: Client, { owner }: Team, timeoutMs: number): Promise<void> {
  await owner.muster.invites.create({ email: emailOf('newcomer'), role: 'client_user' })
  await owner.muster.invites.create({ email: emailOf('nobody'), role: 'client_user' })
  await db.query(
    `insert into outbox (id, queue, name, payload) values (uuidv7(), 'image', 'optimize-image', '{"attachmentId": "not an id"}')`,
  )
  // The inbox takes every mail, so the refusal is written over what became of this one.
  await waitFor('the mail to nobody', timeoutMs, async () => {
    const { rows } = await db.query<{ id: string }>(
      `update email_messages set status = 'failed', error = $2, sent_at = null, smtp_id = null
       where to_address = $1 and status = 'sent' returning id`,
      [emailOf('nobody'), refusal],
    )
    return rows[0]?.id
  })
  await db.query(
    `update email_attempts set outcome = 'failed', verdict = 'mailbox', smtp_answer = $2
     where email_id in (select id from email_messages where to_address = $1)`,
    [emailOf('nobody'), refusal],
  )
  await db.query(
    `insert into email_suppressions (address, reason, smtp_answer, email_id)
     select to_address, 'The mail server says that this mailbox does not exist or accepts no mail.', $2, id
     from email_messages where to_address = $1 order by created_at desc limit 1`,
    [emailOf('nobody'), refusal],
  )
}
