import type { RunningApp } from './apps.ts'
import { inTurns } from './sockets/in-turns.ts'
import type { Seat } from './sockets/open-socket.ts'
import type { Stage } from './stage.ts'
import { insertUsers, signIn, type User } from './users.ts'

/** Settings with which a thousand users sign in within seconds. */
export const quickSignIn = { BCRYPT_COST: '4' }

export type Member = User & { cookie: string }

/** Inserts users of one organization, and signs each in by HTTP at an API that was started with {@link quickSignIn}. */
export async function signInCrowd(
  stage: Stage,
  { origin }: Pick<RunningApp, 'origin'>,
  count: number,
): Promise<Member[]> {
  const users = await insertUsers(stage, count, 4)
  const [{ organizationId } = { organizationId: '' }] = users
  await stage.db.query('update users set organization_id = $1 where id = any($2)', [
    organizationId,
    users.map(({ id }) => id),
  ])
  const members: Member[] = []
  await inTurns(users, 8, async (user, index) => {
    members[index] = { ...user, organizationId, cookie: await signIn(origin, user) }
  })
  return members
}

/** Creates a group of all of them. @returns its id */
export async function createGroup(
  { origin }: Pick<RunningApp, 'origin'>,
  [first, ...others]: Member[],
): Promise<string> {
  const response = await fetch(`${origin}/api/v1/chats`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', cookie: first?.cookie ?? '' },
    body: JSON.stringify({ type: 'group', name: 'Bench', memberIds: others.map(({ id }) => id) }),
  })
  const answer = await response.text()
  if (response.status !== 201) throw new Error(`creating a group was answered by ${response.status}: ${answer}`)
  return JSON.parse(answer).data.chat.id
}

/** Gives the members their places, at the servers in turn. */
export const seatsOf = (members: readonly Pick<Member, 'cookie'>[], origins: readonly string[]): Seat[] =>
  members.map(({ cookie }, index) => ({ cookie, origin: origins[index % origins.length] as string }))

/** Removes all chats, users and sessions. */
export async function sendHome({ db, redis }: Stage): Promise<void> {
  await db.query('truncate users, organizations, outbox, audit_pending cascade')
  await redis.flushall()
}
