import type { TestApp, TestClient } from '../../../../testing/api.ts'
import { createBrowser, type Person } from './oidc-issuer.ts'

/** The names of the cookies of the flows that this browser has begun and not finished. */
export const flowCookiesOf = ({ cookies }: TestClient) =>
  [...cookies.keys()].filter((name) => /^(__Host-)?muster_flow_[\w-]{22}$/.test(name))
export const webUrl = 'http://localhost:5173'
/** Where somebody ends whose sign-in came to nothing. */
export const refused = (code: string) => `${webUrl}/login?error=${code}`

let people = 0

/** Somebody with a Google account and a verified e-mail. */
export function newPerson(claims: Record<string, unknown> = {}) {
  const sub = `${100_000 + ++people}`
  return { sub, name: `Person ${sub}`, email: `google_${sub}@example.test`, email_verified: true, ...claims }
}

/** The steps of a sign-in with Google as a browser takes them, with cookies at both ends. */
export function createFlows(api: TestApp) {
  const begin = async (client: TestClient, query = '') => {
    const answer = await client.inject('GET', `/api/v1/auth/google${query}`)
    return { answer, location: answer.headers.location as string }
  }
  const comeBack = async (client: TestClient, callback: URL) => {
    const answer = await client.inject('GET', callback.pathname + callback.search)
    return { client, answer, location: answer.headers.location as string }
  }
  return {
    begin,
    comeBack,
    /**
     * All but the last step: the browser has been at the issuer and is about to come back.
     * @param options.changes parameters that somebody on the way sets to something else
     */
    async almost(
      person: Person | 'cancel',
      options: { changes?: Record<string, string>; query?: string; client?: TestClient } = {},
    ) {
      const [client, browser] = [options.client ?? api.connect(), createBrowser()]
      const address = new URL((await begin(client, options.query)).location)
      for (const [name, value] of Object.entries(options.changes ?? {})) address.searchParams.set(name, value)
      return { client, browser, address: address.href, callback: await browser.visit(address.href, person) }
    },
    async signIn(person: Person | 'cancel', { client = api.connect(), query = '' } = {}) {
      const { location } = await begin(client, query)
      return comeBack(client, await createBrowser().visit(location, person))
    },
  }
}
