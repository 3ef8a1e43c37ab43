import { once } from 'node:events'
import { connect } from 'node:net'
import { text } from 'node:stream/consumers'
import fastify from 'fastify'
import { expect, test } from 'vitest'
import { bodyTimeoutPlugin } from './body-timeout.ts'
import { errorsPlugin } from './errors.ts'
import { httpRulesPlugin } from './http-rules.ts'

test('a body that trickles in is given up with a sentence, and one that arrives is not', async () => {
  const app = fastify()
  await app.register(errorsPlugin)
  await app.register(httpRulesPlugin)
  await app.register(bodyTimeoutPlugin, { timeoutMs: 300 })
  app.post('/', async ({ body }) => body)
  const { port } = new URL(await app.listen({ host: '127.0.0.1', port: 0 }))

  const socket = connect({ host: '127.0.0.1', port: Number(port) })
  await once(socket, 'connect')
  socket.write(
    'POST / HTTP/1.1\r\nHost: a\r\nConnection: close\r\nContent-Type: application/json\r\nContent-Length: 50\r\n\r\n{',
  )
  const trickle = setInterval(() => socket.write(' '), 50)
  const answer = await text(socket)
  clearInterval(trickle)
  expect(answer).toMatch(/^HTTP\/1.1 400 /)
  expect(answer).toContain('did not arrive within 0.3 seconds')

  const whole = await app.inject({ method: 'POST', url: '/', payload: { arrives: true } })
  expect(whole.json()).toEqual({ arrives: true })
  await app.close()
})

test.each([
  ['of a kind that no route takes', '415', 'Content-Type: application/xml\r\nContent-Length: 50\r\n\r\n<'],
  ['that is too large', '413', 'Content-Type: application/json\r\nContent-Length: 9000000\r\n\r\n{'],
])('a body %s is refused unread, and nothing comes of it when its time is over', async (_name, status, rest) => {
  const timeoutMs = 50
  const app = fastify()
  await app.register(errorsPlugin)
  await app.register(bodyTimeoutPlugin, { timeoutMs })
  app.post('/', async ({ body }) => body)
  const { port } = new URL(await app.listen({ host: '127.0.0.1', port: 0 }))
  const uncaught: unknown[] = []
  const note = (error: unknown) => uncaught.push(error)
  process.on('uncaughtException', note)

  const socket = connect({ host: '127.0.0.1', port: Number(port) })
  await once(socket, 'connect')
  socket.write(`POST / HTTP/1.1\r\nHost: a\r\n${rest}`)
  const [answer] = (await once(socket, 'data')) as [Buffer]
  expect(answer.toString()).toContain(`HTTP/1.1 ${status} `)
  // Timers run in the order of their times: when this one does, the body's has.
  await new Promise((resolve) => setTimeout(resolve, timeoutMs * 2))
  expect(uncaught).toEqual([])
  process.off('uncaughtException', note)
  socket.destroy()
  await app.close()
})
