import { createServer } from 'node:http'
import { Redis } from 'ioredis'
import { Server } from 'socket.io'
import { answer } from '../answer.ts'
import { setting } from '../setting.ts'

/**
 * An instance of the minimum of a group chat: Socket.IO, and a channel of Redis by which the instances share messages. A POST answers once
 * its text is published; each instance emits it to its own sockets as an event like that of Muster.
 */
const channel = 'bench:bare-socket'
const template = JSON.parse(setting('BENCH_BODY') || '["none",{}]') as [string, { message?: { body?: string } }]
const [event, payload] = template
const publisher = new Redis(setting('REDIS_URL'))
const subscriber = new Redis(setting('REDIS_URL'))

const server = createServer((request, response) => {
  if (request.url?.startsWith('/socket.io')) return
  let body = ''
  request.on('data', (chunk) => {
    body += chunk
  })
  request.on('end', async () => {
    await publisher.publish(channel, JSON.parse(body).body)
    response.writeHead(201, { 'content-type': 'application/json' }).end(JSON.stringify(payload))
  })
})
const io = new Server(server, { transports: ['websocket'], perMessageDeflate: false, serveClient: false })
io.on('connection', (socket) => {
  socket.on('hello', (_payload, acknowledge: () => void) => acknowledge())
  void socket.join('group')
})
subscriber.on('message', (_channel, text) =>
  io.to('group').emit(event, { ...payload, message: { ...payload.message, body: text } }),
)
await subscriber.subscribe(channel)
await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve))
answer(() => (server.address() as { port: number }).port)
