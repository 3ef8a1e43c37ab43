import { isChatMemberSql, taskVisibleToSql } from '@muster/policy'
import { type RawBuilder, sql } from 'kysely'
import type { Actor } from '../../http/actor.ts'

/** For each kind of target that a route can name: selects a row when the target exists and is hidden from the actor. */
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
  chat: (id: string, { userId }: Actor) => sql`
    select from chats where id = ${id}::uuid and not exists (
      select from chat_members where chat_id = chats.id and user_id = ${userId}::uuid and ${isChatMemberSql}
    )`,
} satisfies Record<string, (id: string, actor: Actor) => RawBuilder<unknown>>

export type TargetType = keyof typeof hidden
export type Target = { type: TargetType; id: string }

/** For `transactStatement`: lets the audit event be written only when the target exists and is hidden from the actor. */
export const whenHidden = ({ type, id }: Target, actor: Actor): RawBuilder<unknown> =>
  sql`written as (${hidden[type](id, actor)})`

/** For `transactStatement`: lets the audit event be written in any case. */
export const always: RawBuilder<unknown> = sql`written as (select)`
