import { createCookieJar, createMuster, type Muster, type MusterOptions } from '@muster/client'

/**
 * Creates a client of `@muster/client` that is signed in as a user of the test app, which must listen.
 * @param base what `listen` of the app returned
 */
export async function musterOf(
  { cookies }: { cookies: ReadonlyMap<string, string> },
  base: string,
  options: MusterOptions = {},
): Promise<Muster> {
  const { hostname: host } = new URL(base)
  const stored = [...cookies].map(([name, value]) => ({
    name,
    value,
    host,
    path: '/',
    isSecure: false,
    expiresAtMs: null,
  }))
  const muster = createMuster({ baseUrl: base, cookies: createCookieJar(stored), ...options })
  await muster.session.restore()
  return muster
}
