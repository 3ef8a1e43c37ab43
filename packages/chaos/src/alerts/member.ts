import { randomUUID } from 'node:crypto'
import { eventually } from '@muster/testing'
import { io } from 'socket.io-client'
import { entityOf } from '../users/fixtures.ts'
import type { Stage } from './stage.ts'

/** A socket of the stage's user. */
export type Member = {
  chatIds: string[]
  /** Asks for what was missed as a client does that knows other data: it is told to fetch each chat anew. */
  syncWithOtherEpoch(): Promise<void>
  close(): void
}

const answerMs = 5_000

/** Creates groups of the user and connects to an API. */
export async function connectMember({ user }: Pick<Stage, 'user'>, url: string, groups: number): Promise<Member> {
  const chatIds: string[] = []
  for (let number = 0; number < groups; number++) {
    const group = await user.request('POST', '/chats', { type: 'group', name: `Group ${number}`, memberIds: [] })
    chatIds.push(entityOf(group, 'chat').id)
  }
  const socket = io(url, { transports: ['websocket'], forceNew: true, extraHeaders: { cookie: user.cookieHeader() } })
  await eventually(() => {
    if (!socket.connected) throw new Error('The socket does not connect.')
  })
  const chats = Object.fromEntries(chatIds.map((id) => [id, 1]))
  return {
    chatIds,
    async syncWithOtherEpoch() {
      await socket.timeout(answerMs).emitWithAck('sync', { restoreEpoch: randomUUID(), chats, notifications: null })
    },
    close: () => void socket.disconnect(),
  }
}
