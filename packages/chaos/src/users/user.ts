import { randomBytes } from 'node:crypto'
import { eventually } from '@muster/testing'
import type { SmtpLedger } from '../system/smtp-ledger.ts'
import type { UsedSecrets } from '../system/used-secrets.ts'

export type ApiResponse = { status: number; headers: Headers; body: Record<string, unknown>; durationMs: number }

/** Somebody with a cookie jar who talks to the API over real connections. */
export type User = {
  username: string
  email: string
  password: string
  /** A body that is no string and no FormData goes as JSON. @throws when no answer came, e.g. because the API was killed */
  request(method: string, path: string, body?: unknown, options?: RequestOptions): Promise<ApiResponse>
  register(): Promise<ApiResponse>
  /** With the code from the mail. */
  verify(): Promise<ApiResponse>
  login(): Promise<ApiResponse>
  /** What a browser would send now. */
  cookieHeader(): string
}

export type RequestOptions = { headers?: Record<string, string>; timeoutMs?: number }

type Needs = { apiUrl: () => string; smtp: SmtpLedger; secrets: UsedSecrets }

const answerMs = 30_000

export function createUser({ apiUrl, smtp, secrets }: Needs): User {
  const username = `p${randomBytes(8).toString('hex')}`
  const email = `${username}@example.test`
  const password = `Chaos-${randomBytes(9).toString('base64url')}-7x`
  secrets.add('password', password)
  const jar = new Map<string, string>()

  const keepCookies = (headers: Headers) => {
    for (const line of headers.getSetCookie()) {
      const [, name = '', value = ''] = /^([^=]+)=([^;]*)/.exec(line) ?? []
      if (value === '') jar.delete(name)
      else {
        jar.set(name, value)
        secrets.add(`cookie ${name}`, value)
      }
    }
  }

  const cookieHeader = () => [...jar].map(([name, value]) => `${name}=${value}`).join('; ')

  const request: User['request'] = async (method, path, body, { headers = {}, timeoutMs = answerMs } = {}) => {
    const isText = typeof body === 'string'
    const isJson = body !== undefined && !(body instanceof FormData)
    const startMs = performance.now()
    const response = await fetch(`${apiUrl()}/api/v1${path}`, {
      method,
      headers: {
        ...(jar.size > 0 && { cookie: cookieHeader() }),
        ...(isJson && { 'content-type': 'application/json' }),
        ...headers,
      },
      ...(body !== undefined && { body: isText ? body : isJson ? JSON.stringify(body) : (body as FormData) }),
      signal: AbortSignal.timeout(timeoutMs),
    })
    const durationMs = performance.now() - startMs
    keepCookies(response.headers)
    // Status and headers are the acknowledgement; who dies right after it may leave the body half sent.
    const parsed = (await response.json().catch(() => ({}))) as Record<string, unknown>
    return { status: response.status, headers: response.headers, body: parsed, durationMs }
  }

  return {
    username,
    email,
    password,
    request,
    register: () => request('POST', '/auth/register', { username, name: 'Chaos Person', email, password }),
    async verify() {
      const otp = await eventually(() => codeIn(smtp, email), { timeoutMs: 60_000 })
      secrets.add('mailed code', otp)
      return request('POST', '/auth/register/verify', { email, otp })
    },
    login: () => request('POST', '/auth/login', { email, password }),
    cookieHeader,
  }
}

function codeIn(smtp: SmtpLedger, email: string): string {
  const mail = smtp.mailsTo(email).at(-1)
  const code = /\b\d{6}\b/.exec(mail?.text ?? '')?.[0]
  if (!code) throw new Error('The mail with the code has not come.')
  return code
}
