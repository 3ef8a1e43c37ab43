/** An account of a deployment, signed in over HTTP as a browser is. */
export type Account = {
  /** Sends a request under `/api/v1`. @returns its answer with the time to its last byte. @throws Error when it is refused */
  send(method: string, path: string, body?: object): Promise<{ ms: number; data: unknown }>
  cookie(): string
  /** From now on, an interruption ends no request. Before, it ends none that writes: nobody would know what that has made. */
  ignoreInterruption(): void
}

const answerLimitMs = 30_000

/** Creates an account that is not signed in yet. */
export function createAccount(origin: string, signal: AbortSignal): Account {
  const jar = new Map<string, string>()
  let interrupted: AbortSignal | undefined = signal
  const cookie = () => [...jar].map(([name, value]) => `${name}=${value}`).join('; ')
  return {
    cookie,
    ignoreInterruption() {
      interrupted = undefined
    },
    async send(method, path, body) {
      const startMs = performance.now()
      const answer = await fetch(`${origin}/api/v1${path}`, {
        method,
        headers: { ...(jar.size > 0 && { cookie: cookie() }), ...(body && { 'content-type': 'application/json' }) },
        ...(body && { body: JSON.stringify(body) }),
        redirect: 'error',
        signal: AbortSignal.any([
          ...(interrupted && method === 'GET' ? [interrupted] : []),
          AbortSignal.timeout(answerLimitMs),
        ]),
      })
      const text = await answer.text()
      const ms = performance.now() - startMs
      keepCookies(jar, answer.headers)
      if (!answer.ok)
        throw new Error(`${method} ${path} was answered with ${answer.status}: ${reasonOf(text, answer.headers)}`)
      return { ms, data: text === '' ? undefined : JSON.parse(text).data }
    },
  }
}

function keepCookies(jar: Map<string, string>, headers: Headers): void {
  for (const line of headers.getSetCookie()) {
    const [, name = '', value = ''] = /^([^=]+)=([^;]*)/.exec(line) ?? []
    if (value === '') jar.delete(name)
    else jar.set(name, value)
  }
}

function reasonOf(text: string, headers: Headers): string {
  const seconds = headers.get('retry-after')
  const later = seconds === null ? '' : ` Try again in ${seconds} s.`
  try {
    return `${JSON.parse(text).message}${later}`
  } catch {
    return `no answer of Muster, but of what is before it.${later}`
  }
}

/** Signs in with the password of the account. @throws Error when the account needs a second factor */
export async function signIn(account: Account, credentials: { email: string; password: string }): Promise<number> {
  const { ms, data } = await account.send('POST', '/auth/login', credentials)
  if ((data as { requiresTwoFactor: boolean }).requiresTwoFactor)
    throw new Error('This account has a second factor. Measure with one of its own that has none.')
  return ms
}
