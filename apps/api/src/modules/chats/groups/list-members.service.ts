import { DomainError } from '@muster/errors'
import { z } from 'zod'
import type { Deps } from '../../../deps.ts'
import type { Actor } from '../../../http/actor.ts'
import { cursorOf } from '../../../http/cursor.ts'
import { cursorPage } from '../../../http/pagination.ts'
import { toPublicUsers } from '../../accounts/public-users.service.ts'
import { toMember } from '../chat-view.ts'
import { findMembership } from '../chats.queries.ts'
import * as queries from './group-members.queries.ts'
import type { ListedChatMember, MembersQuery } from './group-members.schema.ts'

type ListDeps = Pick<Deps, 'db' | 'lookups' | 'presence' | 'clock'>

const cursors = cursorOf(z.tuple([z.int().min(0)]))

/**
 * Lists a page of the members of a chat, by the order in which they joined.
 * @throws DomainError NOT_FOUND for somebody who is no member, VALIDATION_FAILED for an invalid cursor
 */
export async function listMembers(deps: ListDeps, actor: Actor, chatId: string, { limit, cursor }: MembersQuery) {
  const [after] = cursor === undefined ? [0] : cursors.decode(cursor)
  await assertMember(deps, actor, chatId)
  const rows = await queries.listMembers(deps.db, actor, chatId, { after, limit: limit + 1 })
  const shown = rows.slice(0, limit)
  const last = shown.at(-1)
  const nextCursor = last && rows.length > limit ? cursors.encode([last.joinedChange]) : null
  return { members: await toListed(deps, shown), pagination: cursorPage({ limit, nextCursor }) }
}

/** Reads those of the users who are members. @throws DomainError NOT_FOUND for somebody who is no member */
export async function getMembers(
  deps: ListDeps,
  actor: Actor,
  chatId: string,
  userIds: readonly string[],
): Promise<ListedChatMember[]> {
  await assertMember(deps, actor, chatId)
  return toListed(deps, await queries.findMembers(deps.db, actor, chatId, userIds))
}

async function assertMember({ lookups }: ListDeps, { userId }: Actor, chatId: string): Promise<void> {
  if (!(await findMembership(lookups, chatId, userId))) throw new DomainError('NOT_FOUND')
}

async function toListed(deps: ListDeps, rows: readonly queries.ListedMember[]): Promise<ListedChatMember[]> {
  // Instants of aggregated JSON are text.
  const seen = (at: Date | null) => (at === null ? null : new Date(at))
  const users = await toPublicUsers(
    deps,
    rows.map(({ shown }) => ({ ...shown, last_seen_at: seen(shown.last_seen_at) })),
  )
  return rows.map((row, index) => {
    const { status, lastSeenAt } = users[index] as (typeof users)[number]
    return { ...toMember(row), status, lastSeenAt, readSeq: row.readSeq }
  })
}
