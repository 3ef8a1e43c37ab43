import { once } from 'node:events'
import { connect } from 'node:net'
import { text } from 'node:stream/consumers'
import fastify from 'fastify'
import { expect, test } from 'vitest'
import { bodyTimeoutPlugin } from './body-timeout.ts'
import { errorsPlugin } from './errors.ts'

test('a body that trickles in is given up with a sentence, and one that arrives is not', async () => {
  const app = fastify()
  await app.register(errorsPlugin)
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
