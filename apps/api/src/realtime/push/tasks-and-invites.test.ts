import type { ServerEventName } from '@muster/realtime/events'
import { eventually } from '@muster/testing'
import { io } from 'socket.io-client'
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import { accept, arrived, invited, newAccount, resend, revoke } from '../../modules/invites/testing/invites-fixtures.ts'
import { createTask, joining, removeMember } from '../../modules/organizations/testing/organization-fixtures.ts'
import { succeeded } from '../../testing/succeeded.ts'
import { buildTestApp, type TestApp, type TestUser } from '../../testing/test-app.ts'
import {
  connectSocket,
  cookieOf,
  type Instance,
  recordEvents,
  startInstance,
  type TestSocket,
  urlOf,
} from '../testing/sockets.ts'

let api: TestApp
let other: Instance
const open: { disconnect(): void }[] = []

beforeAll(async () => {
  api = await buildTestApp()
  await api.listen()
  other = await startInstance(api)
})
afterEach(() => {
  for (const socket of open.splice(0)) socket.disconnect()
})
afterAll(async () => {
  await other.close()
  await api.close()
})

/** Connects to one of the instances by turns, and records the events of this name. */
async function follow<Name extends ServerEventName>(user: TestUser, ...names: Name[]) {
  const socket: TestSocket = await connectSocket(user, open.length % 2 ? api : other)
  open.push(socket)
  return names.map((name) => recordEvents(socket, name))
}
const change = (user: TestUser, id: string, body: object) => user.inject('PATCH', `/api/v1/tasks/${id}`, body)

test('a task’s owner, assignee and admins are told of each change, and nobody else', async () => {
  const owner = await api.signUp({ role: 'client_user', organizationId: (await api.signUp()).organizationId as string })
  const [admin, assignee, colleague] = [
    await joining(api, owner, 'client_admin'),
    await joining(api, owner),
    await joining(api, owner),
  ]
  const stranger = await api.signUp()
  const people = [owner, admin, assignee, colleague, stranger]
  const [ofOwner, ofAdmin, ofAssignee, ofColleague, ofStranger] = (
    await Promise.all(people.map((person) => follow(person, 'task:updated')))
  ).map(([events]) => events)
  const { id: taskId } = await createTask(owner)
  await eventually(() => expect([ofOwner, ofAdmin]).toEqual([[{ taskId, version: 1 }], [{ taskId, version: 1 }]]))
  succeeded(await change(owner, taskId, { assigneeId: assignee.userId }))
  await eventually(() => expect(ofAssignee).toEqual([{ taskId, version: 2 }]))
  succeeded(await change(admin, taskId, { status: 'completed' }))
  await eventually(() => expect(ofAssignee?.at(-1)).toEqual({ taskId, version: 3 }))
  succeeded(await change(owner, taskId, { status: 'completed' }))
  succeeded(await change(owner, taskId, { assigneeId: null }))
  await eventually(() => expect(ofAssignee?.at(-1)).toEqual({ taskId, version: null }))
  succeeded(await owner.inject('DELETE', `/api/v1/tasks/${taskId}`))
  for (const events of [ofOwner, ofAdmin])
    await eventually(() => expect(events?.map(({ version }) => version)).toEqual([1, 2, 3, 4, null]))
  expect(ofAssignee).toHaveLength(3)
  expect([ofColleague, ofStranger]).toEqual([[], []])
})

test('whose tasks move to another organization, and who loses them, is told', async () => {
  const admin = await api.signUp()
  const [member, colleague] = [await joining(api, admin), await joining(api, admin)]
  const { id: taskId } = await createTask(member, { assigneeId: colleague.userId })
  const followed = await Promise.all([member, colleague, admin].map((person) => follow(person, 'task:updated')))
  const [ofMember, ofColleague, ofAdmin] = followed.map(([events]) => events)
  succeeded(await removeMember(admin, member.userId))
  await eventually(() => expect(ofMember).toEqual([{ taskId, version: 2 }]))
  await eventually(() => expect(ofColleague).toEqual([{ taskId, version: null }]))
  await eventually(() => expect(ofAdmin).toEqual([{ taskId, version: null }]))
})

test('an accepted invitation reaches the inviter on another instance, also under the names of earlier servers', async () => {
  const inviter = await api.signUp()
  const otherAdmin = await joining(api, inviter, 'client_admin')
  const [operator, member, stranger] = [
    await api.signUp({ role: 'operator' }),
    await joining(api, inviter),
    await api.signUp(),
  ]
  const names = ['invite:accepted', 'inviteAccepted', 'invite:status', 'inviteStatusUpdate'] as const
  const received = new Map<TestUser, string[]>()
  const payloads: unknown[] = []
  for (const person of [inviter, otherAdmin, operator, member, stranger]) {
    const socket = io(urlOf(other), { transports: ['websocket'], extraHeaders: { cookie: cookieOf(person) } })
    open.push(socket)
    const events: string[] = []
    received.set(person, events)
    for (const name of names)
      socket.on(name, (payload) => {
        events.push(`${name} ${payload.status}`)
        if (payload.status === 'accepted') payloads.push(payload)
      })
    socket.on('notification', ({ type, notification }) => events.push(`notification ${type} ${notification.type}`))
    await new Promise<void>((resolve) => socket.on('connect', resolve))
  }
  const { user, email } = await arrived(api, inviter, 'client_user')
  const sorted = (person: TestUser) => [...(received.get(person) ?? [])].sort()
  await eventually(() =>
    expect(sorted(inviter)).toEqual([
      'invite:accepted accepted',
      'invite:status pending',
      'inviteAccepted accepted',
      'notification inviteAccepted invite',
    ]),
  )
  const others = [
    'invite:status accepted',
    'invite:status pending',
    'inviteStatusUpdate accepted',
    'notification inviteStatusUpdate invite',
  ]
  await eventually(() => expect([sorted(otherAdmin), sorted(operator)]).toEqual([others, others]))
  expect([received.get(member), received.get(stranger)]).toEqual([[], []])
  expect(payloads).toHaveLength(6)
  for (const payload of payloads)
    expect(payload).toEqual({
      inviteId: expect.any(String),
      status: 'accepted',
      email,
      role: 'client_user',
      organizationName: expect.any(String),
      userId: user.id,
    })
})

test('a resent, a revoked and an accepted platform invitation tell the inviter and the roles above', async () => {
  const inviter = await api.signUp({ role: 'site_admin' })
  const [above, peer, below] = [
    await api.signUp({ role: 'super_admin' }),
    await api.signUp({ role: 'site_admin' }),
    await api.signUp({ role: 'operator' }),
  ]
  const followed = await Promise.all(
    [inviter, above, peer, below].map((person) => follow(person, 'invite:status', 'invite:accepted')),
  )
  const statusesOf = (place: number) => followed[place]?.map((events) => events.map(({ status }) => status))
  const { id } = await invited(api, inviter, 'operator')
  await eventually(() => expect(statusesOf(0)).toEqual([['pending'], []]))
  succeeded(await resend(inviter, id))
  await eventually(() => expect(statusesOf(0)).toEqual([['pending', 'pending'], []]))
  succeeded(await revoke(inviter, id))
  await eventually(() => expect(statusesOf(0)).toEqual([['pending', 'pending', 'revoked'], []]))
  const { token } = await invited(api, inviter, 'operator')
  succeeded(await accept(api.connect(), newAccount(token)))
  await eventually(() => expect(statusesOf(0)).toEqual([['pending', 'pending', 'revoked', 'pending'], ['accepted']]))
  await eventually(() => expect(statusesOf(1)).toEqual([['pending', 'pending', 'revoked', 'pending', 'accepted'], []]))
  expect([statusesOf(2), statusesOf(3)]).toEqual([
    [[], []],
    [[], []],
  ])
})
