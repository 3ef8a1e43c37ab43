import { violationsHeader } from '@muster/openapi/validating-proxy'

type Options = { body?: unknown; form?: FormData; headers?: Record<string, string> }

/** A front end at another origin of the same site, with its own cookies. */
export type ProxiedClient = ReturnType<typeof createProxiedClient>

/**
 * Creates a client that sends requests as the browser of a front end does, and throws when the proxy finds a violation.
 * @param options.origin the front end's
 */
export function createProxiedClient(proxyUrl: string, options: { origin: string; cookies?: Map<string, string> }) {
  const cookies = options.cookies ?? new Map<string, string>()
  const read = async (method: string, path: string, { body, form, headers }: Options = {}) => {
    const response = await fetch(`${proxyUrl}${path}`, {
      method,
      headers: {
        origin: options.origin,
        'sec-fetch-site': 'same-site',
        'sec-fetch-mode': 'cors',
        ...(cookies.size > 0 && { cookie: [...cookies].map((pair) => pair.join('=')).join('; ') }),
        ...(body !== undefined && { 'content-type': 'application/json' }),
        ...headers,
      },
      body: form ?? (body === undefined ? null : JSON.stringify(body)),
    })
    for (const line of response.headers.getSetCookie().flatMap(separated)) keep(cookies, line)
    const text = await response.text()
    const json = response.headers.get('content-type')?.startsWith('application/json') ? JSON.parse(text) : {}
    const { data, pagination, error } = json
    return { status: response.status, headers: response.headers, body: text, data, pagination, error }
  }
  return {
    cookies,
    /** Sends a request, and accepts violations that the proxy reports. */
    attempt: read,
    /** Sends a request that must be documented, as must be its answer, which has this status. */
    async send(method: string, path: string, expected: number, given: Options = {}) {
      const answer = await read(method, path, given)
      const violations = answer.headers.get(violationsHeader)
      if (violations !== null || answer.status !== expected)
        throw new Error(`${method} ${path}: ${answer.status}, not ${expected}. ${violations ?? answer.body}`)
      return answer
    },
  }
}

/** Prism joins all cookies of an answer by commas. */
const separated = (line: string) => line.split(/,\s*(?=[^;,=\s]+=)/)

function keep(cookies: Map<string, string>, line: string): void {
  const [, name = '', value = ''] = /^([^=]+)=([^;]*)/.exec(line) ?? []
  if (value === '') cookies.delete(name)
  else cookies.set(name, value)
}
