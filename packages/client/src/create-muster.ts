import type { Client } from 'openapi-fetch'
import type { ChatHandle } from './chat/chat.ts'
import { createIndexedDbStorage } from './chat/indexed-db.ts'
import { createMemoryStorage, type OutboxStorage } from './chat/outbox-storage.ts'
import type { paths } from './generated/api.gen.ts'
import type { AttachmentsMethods, Methods } from './generated/methods.gen.ts'
import type { Attachment } from './generated/schemas.gen.ts'
import type { WaitOptions } from './http/call-types.ts'
import { createCaller } from './http/caller.ts'
import { type CookieJar, createCookieJar } from './http/cookie-jar.ts'
import { createEtags } from './http/etags.ts'
import { createMethods } from './http/methods.ts'
import { createTransport } from './http/transport.ts'
import { createRealtime, type Realtime } from './realtime/realtime.ts'
import { createRealtimeApi } from './realtime/realtime-api.ts'
import { followOtherTabs } from './session/other-tabs.ts'
import { createSession, createSessionCore, type MusterSession } from './session/session.ts'
import { type WatchFile, waitUntilReady } from './uploads/wait-until-ready.ts'

export type MusterOptions = {
  /** The address of the API, such as `https://api.example.com`. A page of the API's own origin may leave it out. */
  baseUrl?: string | undefined
  /** Where cookies are kept outside of browsers; by default in memory. Browsers keep them themselves. */
  cookies?: CookieJar | undefined
  /** Where messages wait to be sent; by default in IndexedDB, and in memory where there is none. */
  outbox?: OutboxStorage | undefined
  /** Replaces the global `fetch`. */
  fetch?: ((request: Request) => Promise<Response>) | undefined
}

/** A client of one Muster, for one user at a time. */
export interface Muster extends Methods {
  readonly session: MusterSession
  readonly attachments: AttachmentsMethods & {
    /** Waits until files are processed. @throws MusterError `ATTACHMENT_FAILED` with the server's reason */
    waitUntilReady(ids: string | readonly string[], options?: WaitOptions): Promise<Attachment[]>
  }
  /** The typed client of openapi-fetch, for what the methods do not offer; it throws the same errors. */
  readonly http: Client<paths>
  /** Connects as soon as a user is signed in, and returns what the connection keeps up to date: the same object each time. */
  realtime(): Realtime
  /** Returns the handle of a chat: the same one each time. */
  chat(id: string): ChatHandle
  /** Closes the connection, so that a program can end. */
  close(): void
}

/** Creates a client. It sends nothing by itself: begin with `session.restore()` or `session.signIn()`. */
export function createMuster(options: MusterOptions = {}): Muster {
  const { fetch = (request: Request) => globalThis.fetch(request) } = options
  const baseUrl = baseOf(options.baseUrl)
  const cookies = options.cookies ?? (isBrowser() ? undefined : createCookieJar())
  const etags = createEtags()
  const session = createSessionCore(() => methods.auth.session())
  const transport = createTransport({ fetch, cookies })
  const { observer, userId } = session
  const onResult = (operation: string, result: unknown) => realtime.succeeded(operation, result)
  const caller = createCaller({ baseUrl, transport, etags, userId, observer, fetch, onResult })
  const watch: WatchFile = (id, listener) =>
    realtime.emitter.on('attachment:updated', ({ attachmentId }) => {
      if (attachmentId === id) listener()
    })
  const methods = createMethods(caller, watch)
  const read = (id: string, signal: AbortSignal) => methods.attachments.get(id, { signal })
  session.onUserChange(() => etags.clear())
  const realtime = createRealtime({
    ...{ baseUrl, cookies, session, api: createRealtimeApi(methods) },
    storage: options.outbox ?? storageFor(baseUrl),
  })
  const endTabs = isBrowser() ? followOtherTabs(baseUrl, session) : () => undefined

  return {
    ...methods,
    attachments: {
      ...methods.attachments,
      waitUntilReady: (ids, wait) => waitUntilReady([ids].flat(), { read, watch, ...wait }),
    },
    session: createSession(session, methods, realtime.discardUnsent),
    http: caller.http,
    realtime() {
      realtime.start()
      return realtime.realtime
    },
    chat: realtime.chat,
    close() {
      realtime.close()
      endTabs()
    },
  }
}

const isBrowser = () => 'document' in globalThis || 'WorkerGlobalScope' in globalThis

const storageFor = (baseUrl: string): OutboxStorage =>
  'indexedDB' in globalThis ? createIndexedDbStorage(`muster-outbox ${baseUrl}`) : createMemoryStorage()

function baseOf(baseUrl: string | undefined): string {
  const { location } = globalThis as { location?: { origin: string } }
  const given = baseUrl ?? location?.origin
  if (given === undefined) throw new TypeError('createMuster needs a baseUrl outside of browsers.')
  return given.replace(/\/+$/, '')
}
