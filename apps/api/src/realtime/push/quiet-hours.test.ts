import { notifyAll } from '@muster/notifications'
import { manualClock } from '@muster/testing'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { buildTestApp, type TestApp, untilRevocationsAreFresh } from '../../testing/test-app.ts'
import { connectSocket, nextEvent, recordEvents } from '../testing/sockets.ts'

// 23:30 in Vienna.
const clock = manualClock(new Date('2031-06-10T21:30:00Z'))
let api: TestApp
beforeAll(async () => {
  api = await buildTestApp({ clock })
  await api.listen()
})
afterAll(() => api.close())

test('in quiet hours pushes of chat and general notifications wait, and others do not', async () => {
  await untilRevocationsAreFresh(api)
  const user = await api.signUp({ timezone: 'Europe/Vienna' })
  await user.inject('PUT', '/api/v1/users/me/preferences', { quietHours: { from: '22:00', to: '07:00' } })
  const socket = await connectSocket(user, api)
  const events = recordEvents(socket, 'notification')
  const notifyOfAll = async (count: number) => {
    const told = nextEvent(socket, 'notification:count', (event) => event.count === count)
    const types = ['general', 'chat', 'reminder', 'invite', 'security'] as const
    await api.deps.transact((tx) =>
      notifyAll(
        tx,
        types.map((type) => ({ userId: user.userId, type, title: `${type} ${count}`, message: 'It happened.' })),
        clock.now(),
      ),
    )
    await told
  }
  await notifyOfAll(5)
  expect(events.map(({ notification }) => notification.type)).toEqual(['reminder', 'invite', 'security'])
  clock.set(new Date('2031-06-11T05:00:00Z'))
  await notifyOfAll(10)
  expect(events).toHaveLength(8)
  socket.disconnect()
})
