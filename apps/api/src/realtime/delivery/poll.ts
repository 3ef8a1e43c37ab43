import type { Gateway } from '../gateway.ts'
import type { FollowedChat, FollowedChats } from './followed-chats.ts'
import type { Pair } from './memberships.queries.ts'
import { changesFoundByPolls, followedChats } from './metrics.ts'
import { readRecentChanges } from './recent-changes.queries.ts'
import type { Sequencer } from './sequencer.ts'

/** Chats whose number each poll reads in turn, whenever they changed. */
const chatsPerPoll = 100

type PollDeps = {
  gateway: Pick<Gateway, 'signals' | 'connections' | 'onDisconnect'>
  chats: FollowedChats
  sequencer: Sequencer
  /** Follows chats to which connected users were added. */
  followNew(pairs: readonly Pair[]): Promise<void>
}

/** Finds changes and new memberships whose signals got lost. */
export function pollRecentChanges({ gateway, chats, sequencer, followNew }: PollDeps): void {
  const { signals, connections } = gateway
  const takeSlice = createSlices(chats)
  let since: Date | undefined

  gateway.onDisconnect(() => {
    // Nobody is left to miss anything, and the next poll may come much later.
    if (chats.size === 0) since = undefined
  })
  signals.onPoll(async () => {
    const { at, changes } = await readRecentChanges(signals.db, since, takeSlice())
    since = at
    const added: Pair[] = []
    for (const { chatId, userId, change, isSettled } of changes) {
      if (sequencer.wake(chatId, change) && isSettled) changesFoundByPolls.inc()
      if (userId && !chats.get(chatId) && connections.hasUser(userId)) added.push({ chatId, userId })
    }
    await followNew(added)
    chats.forgetEnds()
    sequencer.resume()
    followedChats.set(chats.size)
  })
}

/** Returns a function that gives some of the followed chats, by and by all of them. */
function createSlices(chats: FollowedChats): () => string[] {
  let rest: Iterator<FollowedChat> | undefined
  return () => {
    rest ??= chats.values()
    const ids: string[] = []
    while (ids.length < chatsPerPoll) {
      const { value, done } = rest.next()
      if (done) {
        rest = undefined
        break
      }
      ids.push(value.id)
    }
    return ids
  }
}
