import { newId } from '@muster/db'
import type { ServerEventPayload } from '@muster/realtime/events'
import { expect } from 'vitest'
import { dataOf } from '../../../testing/succeeded.ts'
import type { TestClient, TestUser } from '../../../testing/test-app.ts'
import { recordEvents, type TestSocket } from '../../testing/sockets.ts'

export type ChangeEvent = ServerEventPayload<'chat:change'>

/** Creates a group by HTTP. @returns its id */
export async function createGroup(admin: TestUser, members: readonly TestUser[]): Promise<string> {
  const memberIds = members.map(({ userId }) => userId)
  const { chat } = dataOf(await admin.inject('POST', '/api/v1/chats', { type: 'group', name: 'Garden', memberIds }))
  return chat.id
}

/** Sends a message by HTTP. @returns it */
export async function send(
  sender: Pick<TestClient, 'inject'>,
  chatId: string,
  body: string,
): Promise<{ id: string; seq: number; change: number }> {
  return dataOf(await sender.inject('POST', `/api/v1/chats/${chatId}/messages`, { clientId: newId(), body })).message
}

/** Collects the changes of one chat that a socket receives from now on. */
export function recordChanges(socket: TestSocket, chatId: string): ChangeEvent[] {
  const received: ChangeEvent[] = []
  const all = recordEvents(socket, 'chat:change')
  const push = all.push.bind(all)
  all.push = (...events) => {
    received.push(...events.filter((event) => event.chatId === chatId))
    return push(...events)
  }
  return received
}

/** Asserts that a socket received changes in order, each following the one before it. */
export function assertInOrder(events: readonly ChangeEvent[]): void {
  for (const [index, event] of events.entries()) {
    expect(event.prev).toBeLessThan(event.change)
    const before = events[index - 1]
    if (before) expect([event.change, event.prev]).toEqual([event.change, before.change])
  }
}

export const numbersOf = (events: readonly ChangeEvent[]): number[] => events.map(({ change }) => change)
export const bodiesOf = (events: readonly ChangeEvent[]): (string | null)[] =>
  events.flatMap((event) => (event.kind === 'message' ? event.message.body : []))
