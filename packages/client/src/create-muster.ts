import type { Client } from 'openapi-fetch'
import type { paths } from './generated/api.gen.ts'
import type { AttachmentsMethods, Methods } from './generated/methods.gen.ts'
import type { Attachment } from './generated/schemas.gen.ts'
import type { WaitOptions } from './http/call-types.ts'
import { createCaller } from './http/caller.ts'
import { type CookieJar, createCookieJar } from './http/cookie-jar.ts'
import { createEtags } from './http/etags.ts'
import { createMethods } from './http/methods.ts'
import { createTransport } from './http/transport.ts'
import { createSession, createSessionCore, type MusterSession } from './session/session.ts'
import { sendWithProgress } from './uploads/send-with-progress.ts'
import { createWaitUntilReady } from './uploads/wait-until-ready.ts'

export type MusterOptions = {
  /** The address of the API, such as `https://api.example.com`. A page of the API's own origin may leave it out. */
  baseUrl?: string | undefined
  /** Where cookies are kept outside of browsers; by default in memory. Browsers keep them themselves. */
  cookies?: CookieJar | undefined
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
}

/** Creates a client. It sends nothing by itself: begin with `session.restore()` or `session.signIn()`. */
export function createMuster({
  baseUrl,
  cookies,
  fetch = (request) => globalThis.fetch(request),
}: MusterOptions = {}): Muster {
  const base = baseOf(baseUrl)
  const jar = cookies ?? (isBrowser() ? undefined : createCookieJar())
  const etags = createEtags()
  const core = createSessionCore(() => methods.auth.session())
  const transport = createTransport({ fetch, cookies: jar })
  const caller = createCaller({
    ...{ baseUrl: base, transport, etags },
    observer: core.observer,
    sendUpload: sendWithProgress,
  })
  const wait = createWaitUntilReady({
    read: (id, signal) => methods.attachments.get(id, { signal }),
    onChange: () => () => undefined,
  })
  const methods = createMethods(caller, wait)
  core.onUserChange(() => etags.clear())

  return {
    ...methods,
    attachments: { ...methods.attachments, waitUntilReady: (ids, options) => wait([ids].flat(), options) },
    session: createSession(core, methods),
    http: caller.http,
  }
}

const isBrowser = () => 'document' in globalThis || 'WorkerGlobalScope' in globalThis

function baseOf(baseUrl: string | undefined): string {
  const { location } = globalThis as { location?: { origin: string } }
  const given = baseUrl ?? location?.origin
  if (given === undefined) throw new TypeError('createMuster needs a baseUrl outside of browsers.')
  return given.replace(/\/+$/, '')
}
