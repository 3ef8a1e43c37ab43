import type { ChatHandle } from './chat/chat.ts'
import { createIndexedDbStorage } from './chat/indexed-db.ts'
import { createMemoryStorage, type OutboxStorage } from './chat/outbox-storage.ts'
import { createHttpMuster, type HttpMuster } from './create-http-muster.ts'
import { type HttpMusterOptions, partsOf, type UserMuster } from './create-user-muster.ts'
import { createRealtime, type Realtime } from './realtime/realtime.ts'
import { createRealtimeApi } from './realtime/realtime-api.ts'

export type RealtimeOptions = {
  /** Where messages wait to be sent; by default in IndexedDB, and in memory where there is none. */
  outbox?: OutboxStorage | undefined
}

export type MusterOptions = HttpMusterOptions & RealtimeOptions

/** The realtime part of a client. */
export interface RealtimeMuster {
  /** Connects as soon as a user is signed in, and returns what the connection keeps up to date: the same object each time. */
  realtime(): Realtime
  /** Returns the handle of a chat: the same one each time. */
  chat(id: string): ChatHandle
  /** Closes the connection, so that a program can end. */
  close(): void
}

/** A client of one Muster, for one user at a time. */
export interface Muster extends HttpMuster, RealtimeMuster {
  close(): void
}

/** Creates a client. It sends nothing by itself: begin with `session.restore()` or `session.signIn()`. */
export const createMuster = (options: MusterOptions = {}): Muster => withRealtime(createHttpMuster(options), options)

/** Gives a client of `createHttpMuster` or `createUserMuster` realtime, once: a page can load this code when somebody has signed in. Both share the session. */
export function withRealtime<Client extends UserMuster>(
  client: Client,
  { outbox }: RealtimeOptions = {},
): Client & RealtimeMuster {
  const parts = partsOf(client)
  const { baseUrl, cookies, session, methods } = parts
  const realtime = createRealtime({
    ...{ baseUrl, cookies, session, api: createRealtimeApi(methods) },
    storage: outbox ?? storageFor(baseUrl),
  })
  parts.realtime = {
    succeeded: realtime.succeeded,
    discardUnsent: realtime.discardUnsent,
    watchFile: (id, listener) =>
      realtime.emitter.on('attachment:updated', ({ attachmentId }) => {
        if (attachmentId === id) listener()
      }),
  }
  return {
    ...client,
    realtime() {
      realtime.start()
      return realtime.realtime
    },
    chat: realtime.chat,
    close() {
      realtime.close()
      client.close()
    },
  }
}

const storageFor = (baseUrl: string): OutboxStorage =>
  'indexedDB' in globalThis ? createIndexedDbStorage(`muster-outbox ${baseUrl}`) : createMemoryStorage()
