import type { Muster, User } from '@muster/client'
import { createClient } from '../demo/client.ts'
import { waitForMail } from '../demo/inbox.ts'
import { drawAvatar } from './pictures.ts'

/** Reserved by RFC 2606: no such mailbox can exist. */
export const emailDomain = 'demo.example'

/** The people of the demo, by their parts in it. */
export const parts = ['owner', 'designer', 'developer', 'writer', 'tester', 'partner', 'customer'] as const
export type Part = (typeof parts)[number]

/** A person of the demo, whose client is signed in. */
export type Person = { part: Part; user: User; muster: Muster }
export type Team = Record<Part, Person>

export const nameOf = (part: string): string => `Demo ${part[0]?.toUpperCase()}${part.slice(1)}`
export const emailOf = (part: string): string => `${part}@${emailDomain}`

export type Place = { api: string; inbox: string; password: string; timeZone: string; timeoutMs: number }

type Invitation = { part: Part; organizationName?: string }

const leaders: readonly Invitation[] = [
  { part: 'owner', organizationName: 'Demo Workshop' },
  { part: 'partner', organizationName: 'Demo Partners' },
  { part: 'customer', organizationName: 'Demo Customers' },
]
const members: readonly Invitation[] = [
  { part: 'designer' },
  { part: 'developer' },
  { part: 'writer' },
  { part: 'tester' },
]

/** Lets an administrator invite three people with organizations, and the first of them four members. All accept by the mailed links. */
export async function gatherTeam(admin: Muster, place: Place): Promise<Team> {
  const invite = (inviter: Muster, invitations: readonly Invitation[]) =>
    Promise.all(invitations.map((invitation) => join(inviter, invitation, place)))
  const first = await invite(admin, leaders)
  const owner = first[0] as Person
  const people = [...first, ...(await invite(owner.muster, members))]
  return Object.fromEntries(people.map((person) => [person.part, person])) as Team
}

async function join(inviter: Muster, { part, organizationName }: Invitation, place: Place): Promise<Person> {
  const email = emailOf(part)
  await inviter.invites.create(
    organizationName ? { email, role: 'client_admin', organizationName } : { email, role: 'client_user' },
  )
  const { text } = await waitForMail(place.inbox, email, /accept-invite/, place.timeoutMs)
  const token = /accept-invite\?token=([^\s"<>)\]]+)/.exec(text)?.[1] ?? ''
  const muster = createClient(place.api)
  const { password, timeZone: timezone } = place
  await muster.invites.accept({ token, name: nameOf(part), username: `demo_${part}`, password, timezone })
  const user = await muster.users.uploadAvatar({ name: `${part}.png`, data: await drawAvatar(parts.indexOf(part)) })
  return { part, user, muster }
}
