import { randomBytes } from 'node:crypto'
import { eventually } from '@muster/testing'
import type { Recorder } from '../report/recorder.ts'
import type { SmtpLedger } from '../system/smtp-ledger.ts'
import type { UsedSecrets } from '../system/used-secrets.ts'

export type ApiResponse = { status: number; headers: Headers; body: Record<string, unknown>; durationMs: number }

/** A user with a cookie jar who calls the API over real connections. */
export type User = {
  username: string
  email: string
  password: string
  /**
   * Sends a request under `/api/v1`. A string or a FormData is sent as it is, every other body as JSON.
   * @throws when no response arrives, e.g. because the API was killed
   */
  request(method: string, path: string, body?: unknown, options?: RequestOptions): Promise<ApiResponse>
  register(): Promise<ApiResponse>
  /** Waits for the one-time code in the mail and verifies the registration with it. */
  verify(): Promise<ApiResponse>
  login(): Promise<ApiResponse>
  /** Returns the `Cookie` header that a browser would send now. */
  cookieHeader(): string
}

export type RequestOptions = {
  headers?: Record<string, string>
  timeoutMs?: number
  /** The address of another instance of the API. */
  at?: string
}

type UserOptions = {
  apiUrl: string
  smtp: SmtpLedger
  secrets: UsedSecrets
  /** Notes what the API acknowledges. */
  recorder?: Pick<Recorder, 'ledger'>
  /** Of a user whose name and password are known; otherwise both are random. */
  username?: string
  password?: string
}

const responseLimitMs = 30_000

/** Creates a user who is not registered yet, unless the name is that of one who is. */
export function createUser({ apiUrl, smtp, secrets, recorder, ...known }: UserOptions): User {
  const username = known.username ?? `p${randomBytes(8).toString('hex')}`
  const email = `${username}@example.test`
  const password = known.password ?? `Chaos-${randomBytes(9).toString('base64url')}-7x`
  secrets.add('password', password)
  const jar = createCookieJar(secrets)

  const request: User['request'] = async (
    method,
    path,
    body,
    { headers = {}, timeoutMs = responseLimitMs, at = apiUrl } = {},
  ) => {
    const startMs = performance.now()
    const response = await fetch(`${at}/api/v1${path}`, {
      method,
      headers: {
        ...(jar.header() && { cookie: jar.header() }),
        ...(body !== undefined && !(body instanceof FormData) && { 'content-type': 'application/json' }),
        ...headers,
      },
      ...(body !== undefined && { body: encodeBody(body) }),
      signal: AbortSignal.timeout(timeoutMs),
    })
    const durationMs = performance.now() - startMs
    jar.store(response.headers)
    // Status and headers are the acknowledgement. An API that is killed right after them may cut the body off.
    const parsed = (await response.json().catch(() => ({}))) as Record<string, unknown>
    recorder?.ledger.note({ method, path, status: response.status, body: parsed, sent: body })
    return { status: response.status, headers: response.headers, body: parsed, durationMs }
  }

  return {
    username,
    email,
    password,
    request,
    register: () => request('POST', '/auth/register', { username, name: 'Chaos User', email, password }),
    async verify() {
      const otp = await eventually(() => mailedCode(smtp, email), { timeoutMs: 60_000 })
      secrets.add('mailed code', otp)
      return request('POST', '/auth/register/verify', { email, otp })
    },
    login: () => request('POST', '/auth/login', { email, password }),
    cookieHeader: jar.header,
  }
}

const encodeBody = (body: unknown) =>
  typeof body === 'string' || body instanceof FormData ? body : JSON.stringify(body)

function createCookieJar(secrets: UsedSecrets) {
  const cookies = new Map<string, { value: string; endMs: number }>()
  return {
    header: () =>
      [...cookies]
        .filter(([, { endMs }]) => performance.now() < endMs)
        .map(([name, { value }]) => `${name}=${value}`)
        .join('; '),
    store(headers: Headers) {
      for (const line of headers.getSetCookie()) {
        const [, name = '', value = ''] = /^([^=]+)=([^;]*)/.exec(line) ?? []
        const [, seconds = 'Infinity'] = /; *Max-Age=(\d+)/i.exec(line) ?? []
        if (value === '') cookies.delete(name)
        else {
          cookies.set(name, { value, endMs: performance.now() + Number(seconds) * 1_000 })
          secrets.add(`cookie ${name}`, value)
        }
      }
    },
  }
}

/** Returns the one-time code of the latest mail. @throws when no mail with a code has arrived */
function mailedCode(smtp: SmtpLedger, email: string): string {
  const mail = smtp.mailsTo(email).at(-1)
  const code = /\b\d{6}\b/.exec(mail?.text ?? '')?.[0]
  if (!code) throw new Error(`No mail with a one-time code has arrived for ${email}.`)
  return code
}
