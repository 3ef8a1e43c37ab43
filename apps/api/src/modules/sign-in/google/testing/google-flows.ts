import type { TestApp, TestClient } from '../../../../testing/test-app.ts'
import { createBrowser, type User } from './oidc-issuer.ts'

/** Lists the names of the cookies of this browser's unfinished flows. */
export const flowCookiesOf = ({ cookies }: TestClient) =>
  [...cookies.keys()].filter((name) => /^(__Host-)?muster_flow_[\w-]{22}$/.test(name))
export const webUrl = 'http://localhost:5173'
/** Returns the page to which a failed sign-in redirects. */
export const refused = (code: string) => `${webUrl}/login?error=${code}`

let users = 0

/** Creates the claims of a user with a Google account and a verified e-mail. */
export function newUser(claims: Record<string, unknown> = {}) {
  const sub = `${100_000 + ++users}`
  return { sub, name: `User ${sub}`, email: `google_${sub}@example.test`, email_verified: true, ...claims }
}

/** Creates the steps of a sign-in with Google, as a browser takes them, with cookies at both ends. */
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
     * Takes all steps but the last: the browser has signed in at the issuer, and has not followed its redirect.
     * @param options.changes parameters of the authorization request to change
     */
    async almost(
      user: User | 'cancel',
      options: { changes?: Record<string, string>; query?: string; client?: TestClient } = {},
    ) {
      const [client, browser] = [options.client ?? api.connect(), createBrowser()]
      const address = new URL((await begin(client, options.query)).location)
      for (const [name, value] of Object.entries(options.changes ?? {})) address.searchParams.set(name, value)
      return { client, browser, address: address.href, callback: await browser.visit(address.href, user) }
    },
    async signIn(user: User | 'cancel', { client = api.connect(), query = '' } = {}) {
      const { location } = await begin(client, query)
      return comeBack(client, await createBrowser().visit(location, user))
    },
  }
}
