import { once } from 'node:events'
import { connect } from 'node:net'
import { text } from 'node:stream/consumers'
import { setTimeout as sleep } from 'node:timers/promises'
import fastify from 'fastify'
import { expect, onTestFinished, test } from 'vitest'
import { bodyTimeoutPlugin } from './body-timeout.ts'
import { errorsPlugin } from './errors.ts'
import { httpRulesPlugin } from './http-rules.ts'

/** Starts a server that returns any JSON body. */
async function listen(timeoutMs: number) {
  const app = fastify()
  onTestFinished(() => app.close())
  await app.register(errorsPlugin)
  await app.register(httpRulesPlugin)
  await app.register(bodyTimeoutPlugin, { timeoutMs })
  app.post('/', async ({ body }) => body)
  const { port } = new URL(await app.listen({ host: '127.0.0.1', port: 0 }))
  return { app, port: Number(port) }
}

test('a body that arrives too slowly is refused with a message', async () => {
  const { port } = await listen(300)
  const socket = connect({ host: '127.0.0.1', port })
  await once(socket, 'connect')
  socket.write(
    'POST / HTTP/1.1\r\nHost: a\r\nConnection: close\r\nContent-Type: application/json\r\nContent-Length: 50\r\n\r\n{',
  )
  const trickle = setInterval(() => socket.write(' '), 50)
  onTestFinished(() => clearInterval(trickle))
  const answer = await text(socket)
  expect(answer).toMatch(/^HTTP\/1.1 400 /)
  expect(answer).toContain('did not arrive within 0.3 seconds')
})

test('a body that arrives in time is accepted', async () => {
  const { app } = await listen(60_000)
  const answer = await app.inject({ method: 'POST', url: '/', payload: { arrives: true } })
  expect(answer.json()).toEqual({ arrives: true })
})

test.each([
  ['of a type that no route accepts', '415', 'Content-Type: application/xml\r\nContent-Length: 50\r\n\r\n<'],
  ['that is too large', '413', 'Content-Type: application/json\r\nContent-Length: 9000000\r\n\r\n{'],
])('the timeout of a body %s, refused before it was read, throws nothing', async (_name, status, rest) => {
  const timeoutMs = 50
  const { port } = await listen(timeoutMs)
  const uncaught: unknown[] = []
  const note = (error: unknown) => uncaught.push(error)
  process.on('uncaughtException', note)
  onTestFinished(() => void process.off('uncaughtException', note))

  const socket = connect({ host: '127.0.0.1', port })
  onTestFinished(() => void socket.destroy())
  await once(socket, 'connect')
  socket.write(`POST / HTTP/1.1\r\nHost: a\r\n${rest}`)
  const [answer] = (await once(socket, 'data')) as [Buffer]
  expect(answer.toString()).toContain(`HTTP/1.1 ${status} `)
  // Timers of one process fire in the order of their times: this one fires after the body's timeout.
  await sleep(timeoutMs * 2)
  expect(uncaught).toEqual([])
})
