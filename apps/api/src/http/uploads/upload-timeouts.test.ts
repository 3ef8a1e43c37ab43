import { once } from 'node:events'
import { type AddressInfo, connect } from 'node:net'
import fastify, { type FastifyInstance } from 'fastify'
import { afterEach, expect, test } from 'vitest'
import { enforceUploadTimeouts } from './upload-timeouts.ts'

let app: FastifyInstance
afterEach(() => app.close())

/** Starts a server that accepts any body with these timeouts and responds with the reason of an abort. */
async function listening(limits: { idleMs: number; totalMs: number }): Promise<number> {
  app = fastify()
  app.addContentTypeParser('text/plain', (_request, _body, done) => done(null))
  app.post('/', async (request) => {
    const timeouts = enforceUploadTimeouts(request, limits)
    try {
      return await timeouts.unlessStalled(once(request.raw.resume(), 'end').then(() => 'whole'))
    } catch (error) {
      return (error as Error).message
    } finally {
      timeouts.end()
    }
  })
  await app.listen({ host: '127.0.0.1', port: 0 })
  return (app.server.address() as AddressInfo).port
}

/** Sends a byte every 20 ms without end. @returns the response */
async function dribble(port: number): Promise<string> {
  const socket = connect(port, '127.0.0.1')
  socket.write('POST / HTTP/1.1\r\nHost: localhost\r\nContent-Type: text/plain\r\nContent-Length: 1000000\r\n\r\n')
  const timer = setInterval(() => socket.write('x'), 20)
  const [answer] = await once(socket, 'data')
  clearInterval(timer)
  socket.destroy()
  return String(answer)
}

test('an upload that never stalls is aborted when it takes too long', async () => {
  const port = await listening({ idleMs: 3_000, totalMs: 600 })
  expect(await dribble(port)).toContain('The upload took longer than 0.01 minutes.')
})
