import type { Client } from 'openapi-fetch'
import type { paths } from './generated/api.gen.ts'
import { endpoints } from './generated/endpoints.gen.ts'
import type { AttachmentsMethods, Methods } from './generated/methods.gen.ts'
import type { Attachment } from './generated/schemas.gen.ts'
import type { WaitOptions } from './http/call-types.ts'
import { type Caller, createCaller } from './http/caller.ts'
import { type CookieJar, createCookieJar } from './http/cookie-jar.ts'
import { createEtags } from './http/etags.ts'
import { createMethods } from './http/methods.ts'
import { createTransport } from './http/transport.ts'
import { followOtherTabs } from './session/other-tabs.ts'
import { createSession, createSessionCore, type MusterSession, type SessionCore } from './session/session.ts'
import { type WatchFile, waitUntilReady } from './uploads/wait-until-ready.ts'

export type HttpMusterOptions = {
  /** The address of the API, such as `https://api.example.com`. A page of the API's own origin may leave it out. */
  baseUrl?: string | undefined
  /** Where cookies are kept outside of browsers; by default in memory. Browsers keep them themselves. */
  cookies?: CookieJar | undefined
  /** Replaces the global `fetch`. */
  fetch?: ((request: Request) => Promise<Response>) | undefined
}

/** The calls of everybody. */
type UserMethods = Omit<Methods, 'admin'>

/** A client of one Muster, for one user at a time, without a connection and without the calls of operators: `withAdmin` adds them. */
export interface UserMuster extends UserMethods {
  readonly session: MusterSession
  readonly attachments: AttachmentsMethods & {
    /** Waits until files are processed. @throws MusterError `ATTACHMENT_FAILED` with the server's reason */
    waitUntilReady(ids: string | readonly string[], options?: WaitOptions): Promise<Attachment[]>
  }
  /** The typed client of openapi-fetch, for what the methods do not offer; it throws the same errors. */
  readonly http: Client<paths>
  /** Ends what the client does by itself, so that a program can end. */
  close(): void
}

/** The parts of a client that `withAdmin` and `withRealtime` build on, and the hooks of the realtime part. */
export type HttpParts = {
  baseUrl: string
  cookies: CookieJar | undefined
  session: SessionCore
  methods: UserMethods
  caller: Caller
  watch: WatchFile
  realtime?: {
    succeeded(operation: string, result: unknown): void
    watchFile: WatchFile
    discardUnsent(userId: string): Promise<void>
  }
}

const partsOfClients = new WeakMap<UserMuster, HttpParts>()

/** Keeps the parts of a client for what is added to it. */
export const setPartsOf = (client: UserMuster, parts: HttpParts): void => void partsOfClients.set(client, parts)

/** Returns the parts of a client. @throws TypeError for an object that is none */
export function partsOf(client: UserMuster): HttpParts {
  const parts = partsOfClients.get(client)
  if (!parts) throw new TypeError('This is no client of createHttpMuster or createUserMuster.')
  return parts
}

/**
 * Creates a client with sessions and the calls of everybody. It sends nothing by itself: begin with `session.restore()` or `session.signIn()`.
 * `withAdmin` and `withRealtime` add the rest to it.
 */
export function createUserMuster(options: HttpMusterOptions = {}): UserMuster {
  const { fetch = (request: Request) => globalThis.fetch(request) } = options
  const baseUrl = baseOf(options.baseUrl)
  const cookies = options.cookies ?? (isBrowser() ? undefined : createCookieJar())
  const etags = createEtags()
  const session = createSessionCore(() => methods.auth.session())
  const transport = createTransport({ fetch, cookies })
  const { observer, userId } = session
  const onResult = (operation: string, result: unknown) => parts.realtime?.succeeded(operation, result)
  const caller = createCaller({ baseUrl, transport, etags, userId, observer, fetch, onResult })
  const watch: WatchFile = (id, listener) => parts.realtime?.watchFile(id, listener) ?? (() => undefined)
  const methods = createMethods<UserMethods>(endpoints, caller, watch)
  const read = (id: string, signal: AbortSignal) => methods.attachments.get(id, { signal })
  session.onUserChange(() => etags.clear())
  const endTabs = isBrowser() ? followOtherTabs(baseUrl, session) : () => undefined
  const parts: HttpParts = { baseUrl, cookies, session, methods, caller, watch }

  const client: UserMuster = {
    ...methods,
    attachments: {
      ...methods.attachments,
      waitUntilReady: (ids, wait) => waitUntilReady([ids].flat(), { read, watch, ...wait }),
    },
    session: createSession(session, methods, async (id) => parts.realtime?.discardUnsent(id)),
    http: caller.http,
    close: endTabs,
  }
  setPartsOf(client, parts)
  return client
}

const isBrowser = () => 'document' in globalThis || 'WorkerGlobalScope' in globalThis

function baseOf(baseUrl: string | undefined): string {
  const { location } = globalThis as { location?: { origin: string } }
  const given = baseUrl ?? location?.origin
  if (given === undefined) throw new TypeError('createMuster needs a baseUrl outside of browsers.')
  return given.replace(/\/+$/, '')
}
