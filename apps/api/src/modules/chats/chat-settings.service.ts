import { DomainError, invalid } from '@muster/errors'
import type { Chat } from '@muster/realtime/shapes'
import { type RawBuilder, sql } from 'kysely'
import type { Deps } from '../../deps.ts'
import type { Actor } from '../../http/actor.ts'
import { updateSettings } from './chat-settings.queries.ts'
import type { Mute } from './chats.schema.ts'
import { getChat } from './chats.service.ts'

type SettingsDeps = Pick<Deps, 'db' | 'clock'>

/** Mutes a chat for the actor. @throws DomainError NOT_FOUND, and VALIDATION_FAILED for a time that has passed */
export function muteChat(deps: SettingsDeps, actor: Actor, id: string, { until, mutesMentions }: Mute): Promise<Chat> {
  if (until && new Date(until) <= deps.clock.now()) throw invalid('body.until', 'IN_THE_PAST', {})
  return set(deps, actor, id, sql`muted_until = ${until ?? 'infinity'}, mutes_mentions = ${mutesMentions}`)
}

/** Ends the muting of a chat for the actor. @throws DomainError NOT_FOUND */
export const unmuteChat = (deps: SettingsDeps, actor: Actor, id: string): Promise<Chat> =>
  set(deps, actor, id, sql`muted_until = null, mutes_mentions = false`)

/** Moves a chat to the archived ones of the actor. @throws DomainError NOT_FOUND */
export const archiveChat = (deps: SettingsDeps, actor: Actor, id: string): Promise<Chat> =>
  set(deps, actor, id, sql`archived_at = coalesce(archived_at, ${deps.clock.now()})`)

/** Moves a chat back from the archived ones of the actor. @throws DomainError NOT_FOUND */
export const unarchiveChat = (deps: SettingsDeps, actor: Actor, id: string): Promise<Chat> =>
  set(deps, actor, id, sql`archived_at = null`)

async function set(deps: SettingsDeps, actor: Actor, chatId: string, assignments: RawBuilder<unknown>): Promise<Chat> {
  const isSet = await updateSettings(deps.db, { chatId, userId: actor.userId }, assignments)
  if (!isSet) throw new DomainError('NOT_FOUND')
  return getChat(deps, actor, chatId)
}
