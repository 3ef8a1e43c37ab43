import { randomBytes } from 'node:crypto'
import { type CookieJar, createCookieJar, createMuster, type Muster } from '@muster/client'
import { eventually } from '@muster/testing'
import type { DeploymentOptions } from './options.ts'

/** A user of the deployment on two devices: one writes, and the other one sees what arrives. */
export type Person = { email: string; writer: Muster; reader: Muster }

/** Somebody could not be signed in; the message says why and what to do. */
export class SignInError extends Error {}

const mailMs = 60_000

/** Signs in the users that the options name, or registers new ones. @throws SignInError */
export async function signInAll({ url, signIn }: Pick<DeploymentOptions, 'url' | 'signIn'>): Promise<Person[]> {
  if ('email' in signIn) return [await signInTwice(url, signIn)]
  const people: Person[] = []
  // One after the other: registrations of one address are limited.
  for (let number = 0; number < signIn.users; number++) people.push(await register(url, signIn.inbox))
  return people
}

async function signInTwice(url: string, login: { email: string; password: string }): Promise<Person> {
  const [writer, reader] = [createMuster({ baseUrl: url }), createMuster({ baseUrl: url })]
  for (const muster of [writer, reader]) {
    const session = await muster.session.signIn(login).catch((error: Error) => {
      throw new SignInError(`${login.email} cannot sign in: ${error.message}`)
    })
    if (session.status !== 'signed-in')
      throw new SignInError(`${login.email} needs a second factor (${session.status}): name a user without one.`)
  }
  return { email: login.email, writer, reader }
}

async function register(url: string, inbox: string): Promise<Person> {
  const username = `chaos_${randomBytes(6).toString('hex')}`
  const login = { email: `${username}@example.test`, password: `Chaos-${randomBytes(12).toString('base64url')}-7x` }
  // The code is valid in the browser that asked for it alone.
  const cookies: CookieJar = createCookieJar()
  const registering = createMuster({ baseUrl: url, cookies })
  try {
    await registering.auth.register({ ...login, username, name: 'Chaos User' })
    const otp = await eventually(() => mailedCode(inbox, login.email), { timeoutMs: mailMs, intervalMs: 500 })
    await registering.auth.verifyRegistration({ email: login.email, otp })
  } catch (error) {
    throw new SignInError(`No user could be registered: ${(error as Error).message}`)
  } finally {
    registering.close()
  }
  return signInTwice(url, login)
}

type ReceivedMail = { to: { address: string }[]; text?: string }

/** Returns the code of the mail to this address. @throws when there is none yet */
async function mailedCode(inbox: string, address: string): Promise<string> {
  const url = `${inbox}/email?to.address=${encodeURIComponent(address)}`
  const mails = (await (await fetch(url)).json()) as ReceivedMail[]
  const mail = mails.findLast(({ to }) => to.some((recipient) => recipient.address === address))
  const code = /\b\d{6}\b/.exec(mail?.text ?? '')?.[0]
  if (!code) throw new Error(`no mail with a code has arrived at ${inbox} within ${mailMs / 1_000} s`)
  return code
}
