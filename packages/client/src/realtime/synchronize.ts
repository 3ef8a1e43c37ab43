import type { Chats } from '../chat/chats.ts'
import { noChats, type Span, spanOf, spansOf } from '../chat/spans.ts'
import { withRetries } from '../http/retry.ts'
import type { InboxCore } from '../notifications/inbox.ts'
import type { Connection } from './connection.ts'
import type { Payload } from './event-types.ts'

type Deps = { connection: () => Pick<Connection, 'request'>; chats: Chats; inbox: InboxCore }

/** Creates what makes good the time without a connection, with one call for each span of chats. */
export function createSynchronizer({ connection, chats, inbox }: Deps) {
  let restoreEpoch: string | null = null

  /** Repeats the call until the span is current. @returns whether something had to be read anew */
  async function syncSpan(span: Span, signal?: AbortSignal): Promise<boolean> {
    let isResynced = false
    let after = span.after
    for (;;) {
      const ids = span.ids.filter((id) => after === undefined || id > after)
      const known = Object.fromEntries(ids.filter((id) => chats.get(id)).map((id) => [id, chats.cursorOf(id)]))
      const request: Payload<'sync'> = {
        ...{ restoreEpoch, chats: known, notifications: inbox.cursor() },
        ...(after !== undefined && { after }),
        ...(span.upTo !== undefined && { upTo: span.upTo }),
      }
      const answer = await withRetries(() => connection().request('sync', request), { isRepeatable: true, signal })
      restoreEpoch = answer.restoreEpoch
      isResynced = (await chats.apply(answer)) || isResynced
      isResynced = (await inbox.apply(answer)) || isResynced
      if (!answer.more) {
        chats.release(span.ids)
        return isResynced
      }
      after = answer.after ?? after
    }
  }

  return {
    /** Brings all chats and the notifications up to date. @returns whether something had to be read anew */
    async syncAll(signal: AbortSignal): Promise<boolean> {
      let isResynced = false
      for (const span of spansOf(chats.ids())) {
        signal.throwIfAborted()
        isResynced = (await syncSpan(span, signal)) || isResynced
      }
      return isResynced
    },
    syncChat: async (id: string) => void (await syncSpan(spanOf(id))),
    syncInbox: async () => void (await syncSpan(noChats)),
    reset() {
      restoreEpoch = null
    },
  }
}
