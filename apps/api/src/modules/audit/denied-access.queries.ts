import type { Db } from '@muster/db'
import { auditRow } from '@muster/jobs/outbox'
import { taskVisibleToSql } from '@muster/policy'
import { type RawBuilder, sql } from 'kysely'
import type { Actor } from '../../http/actor.ts'

/** Of each kind of thing that an address can name: whether there is one of this id that the actor is kept away from. */
const hidden = {
  task: (id: string, actor: Actor) =>
    sql`select from tasks where id = ${id}::uuid and (${taskVisibleToSql(actor)}) is not true`,
  attachment: (id: string, actor: Actor) => sql`
    select from attachments join tasks on tasks.id = task_id
    where attachments.id = ${id}::uuid and (${taskVisibleToSql(actor)}) is not true`,
  reminder: (id: string, { userId }: Actor) => sql`
    select from reminders where id = ${id}::uuid and user_id <> ${userId}::uuid`,
  notification: (id: string, { userId }: Actor) => sql`
    select from notifications where id = ${id}::uuid and user_id <> ${userId}::uuid`,
  session: (id: string, { userId }: Actor) => sql`
    select from sessions where id = ${id}::uuid and user_id <> ${userId}::uuid`,
  'friend-request': (id: string, { userId }: Actor) => sql`
    select from friendships where id = ${id}::uuid and addressee_id <> ${userId}::uuid`,
  user: (id: string, { userId }: Actor) => sql`
    select from users where id = ${id}::uuid and id <> ${userId}::uuid and anonymised_at is null`,
  invite: (id: string, { userId }: Actor) => sql`
    select from invites where id = ${id}::uuid and inviter_id <> ${userId}::uuid`,
} satisfies Record<string, (id: string, actor: Actor) => RawBuilder<unknown>>

/** What an address can name. */
export type TargetType = keyof typeof hidden

/**
 * Writes the event, in one statement; of what is not there, or is the actor's own, nothing happened.
 * @returns whether it was written
 */
export async function insertIfHidden(
  db: Db,
  event: Parameters<typeof auditRow>[0],
  target: { type: TargetType; id: string },
  actor: Actor,
): Promise<boolean> {
  const row = auditRow(event)
  const { numAffectedRows = 0n } = await sql`
    insert into audit_pending (id, action, actor_id, target_type, target_id, ip, user_agent, request_id, after)
    select ${row.id}::uuid, ${row.action}::text, ${row.actor_id}::uuid, ${row.target_type}::text, ${row.target_id}::text,
      ${row.ip}::text, ${row.user_agent}::text, ${row.request_id}::text, ${row.after}::jsonb
    where exists (${hidden[target.type](target.id, actor)})`.execute(db)
  return numAffectedRows > 0n
}

export async function insertEvent(db: Db, event: Parameters<typeof auditRow>[0]): Promise<void> {
  await db.insertInto('audit_pending').values(auditRow(event)).execute()
}
