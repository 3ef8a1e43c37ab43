import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { eventually, freePort } from '@muster/testing'
import type { Config } from '../../../../config.ts'

/** The claims of a user who signs in at the issuer. */
export type User = { sub: string } & Record<string, unknown>

export type OidcIssuer = {
  /** Muster's configuration for this issuer. */
  settings: NonNullable<Config['google']>
  /** Stops the process by SIGSTOP: it accepts connections without answering. */
  freeze(): void
  thaw(): void
  stop(): Promise<void>
  /** Restarts it after `stop`, at the same address. */
  start(): Promise<void>
}

const main = fileURLToPath(new URL('./oidc-issuer-main.ts', import.meta.url))
const callbackPath = '/api/v1/auth/google/callback'

/**
 * Starts a real issuer (oidc-provider) in a process of its own.
 * @param options.style `google`: claims in the ID token, client secret in the body; `plain`: claims at the UserInfo
 * endpoint, client secret in the header; `forging`: like Google, with ID tokens whose signature is wrong
 * @param options.publicUrls the public URLs of Muster for its redirect URIs
 */
export async function startOidcIssuer(options: {
  style?: 'google' | 'plain' | 'forging'
  publicUrls?: string[]
  isDown?: boolean
}): Promise<OidcIssuer> {
  const { style = 'google', publicUrls = ['http://localhost:3000'], isDown = false } = options
  const issuer = `http://127.0.0.1:${await freePort()}`
  const settings = {
    issuer: new URL(issuer),
    clientId: 'muster.test',
    clientSecret: 'a secret: with "odd" characters%',
  }
  const env = {
    ...process.env,
    ISSUER: issuer,
    STYLE: style,
    CLIENT_ID: settings.clientId,
    CLIENT_SECRET: settings.clientSecret,
    REDIRECT_URIS: publicUrls.map((url) => url + callbackPath).join(),
  }
  let child: ReturnType<typeof spawn> | undefined

  const start = async () => {
    child = spawn(process.execPath, [main], { env, stdio: 'ignore' })
    await eventually(async () => void (await fetch(`${issuer}/.well-known/openid-configuration`)), {
      timeoutMs: 15_000,
    })
  }
  if (!isDown) await start()

  return {
    settings,
    freeze: () => void child?.kill('SIGSTOP'),
    thaw: () => void child?.kill('SIGCONT'),
    async stop() {
      if (!child || child.exitCode !== null || child.signalCode !== null) return
      const ended = once(child, 'exit')
      child.kill('SIGKILL')
      await ended
    },
    start,
  }
}

/** Creates a browser at the issuer, with cookies of its own: a user who has signed in there stays signed in. */
export function createBrowser() {
  const cookies = new Map<string, string>()

  async function load(url: URL, init: RequestInit = {}): Promise<Response> {
    const headers = { cookie: [...cookies].map(([name, value]) => `${name}=${value}`).join('; ') }
    const answer = await fetch(url, { ...init, headers, redirect: 'manual' })
    for (const line of answer.headers.getSetCookie()) {
      const [, name = '', value = ''] = /^([^=]+)=([^;]*)/.exec(line) ?? []
      if (value === '') cookies.delete(name)
      else cookies.set(name, value)
    }
    return answer
  }

  return {
    /**
     * Opens an address of the issuer, follows its redirects and submits its form as this user.
     * @returns the first address outside the issuer to which it redirects
     */
    async visit(address: string, user: User | 'cancel'): Promise<URL> {
      const { origin } = new URL(address)
      let url = new URL(address)
      let answer = await load(url)
      for (let steps = 0; steps < 10; steps++) {
        const location = answer.headers.get('location')
        if (location) {
          url = new URL(location, url)
          if (url.origin !== origin) return url
          answer = await load(url)
        } else if (answer.ok) {
          answer = await load(url, { method: 'POST', body: formOf(user) })
        } else throw new Error(`The issuer answered ${answer.status}: ${await answer.text()}`)
      }
      throw new Error('The issuer sends the browser in circles.')
    },
  }
}

function formOf(user: User | 'cancel'): URLSearchParams {
  if (user === 'cancel') return new URLSearchParams({ cancel: '1' })
  const { sub, ...claims } = user
  return new URLSearchParams({ sub, claims: JSON.stringify(claims) })
}
