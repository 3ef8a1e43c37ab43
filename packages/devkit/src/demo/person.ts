import { randomBytes } from 'node:crypto'
import type { Muster } from '@muster/client'
import { waitForMail } from './inbox.ts'

export type Person = { username: string; name: string; email: string; password: string; timezone: string }

/** Invents a person who has no account yet. */
export function newPerson(name: string): Person {
  const username = `demo_${randomBytes(4).toString('hex')}`
  return {
    username,
    name,
    email: `${username}@muster.example`,
    password: `Kept-Away-${randomBytes(9).toString('base64url')}7`,
    timezone: 'Europe/Zurich',
  }
}

/** Reads the code of a registration from the inbox. */
export async function readCode(inbox: string, email: string, timeoutMs: number): Promise<string> {
  const { text } = await waitForMail(inbox, email, /\b\d{6}\b/, timeoutMs)
  return /\b(\d{6})\b/.exec(text)?.[1] ?? ''
}

/** Registers a person, who is signed in then. */
export async function register(muster: Muster, person: Person, inbox: string, timeoutMs: number): Promise<void> {
  await muster.auth.register(person)
  await muster.auth.verifyRegistration({ email: person.email, otp: await readCode(inbox, person.email, timeoutMs) })
}
