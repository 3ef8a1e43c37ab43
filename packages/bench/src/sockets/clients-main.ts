import { answer } from '../answer.ts'
import { now } from '../drivers/clock.ts'
import type { Arrival, ClientsAnswer, ClientsQuestion } from './clients.ts'
import { inTurns } from './in-turns.ts'
import { type OpenSocket, openSocket, type Seat } from './open-socket.ts'

const hash = '#'.charCodeAt(0)
const zero = '0'.charCodeAt(0)
const helloAnswer = '430['

const sockets = new Set<OpenSocket>()
const arrivals = new Map<number, Arrival>()
let total = 0
let sample: Buffer | undefined

answer<ClientsQuestion, ClientsAnswer>(async (question) => {
  if ('open' in question) await inTurns(question.open, 32, open)
  if ('close' in question) for (const socket of sockets) socket.destroy()
  if ('open' in question || 'forget' in question) {
    arrivals.clear()
    total = 0
  }
  const wanted = 'arrivals' in question ? [...arrivals.values()] : []
  return { open: sockets.size, total, arrivals: wanted, sample: sample?.toString() ?? '' }
})

/** Opens a socket that gets all messages from now on: an event is answered once the connection has joined its rooms, also one that nobody knows. */
async function open(seat: Seat): Promise<void> {
  let socket: OpenSocket | undefined
  const joined = Promise.withResolvers<void>()
  socket = await openSocket(seat, {
    onMessage: (message) =>
      message.toString('latin1', 0, helloAnswer.length) === helloAnswer ? joined.resolve() : note(message),
    onClose() {
      joined.reject(new Error('The server closed the connection before it had joined its rooms.'))
      if (socket) sockets.delete(socket)
    },
  })
  sockets.add(socket)
  socket.ask(0, 'hello', {})
  await joined.promise
}

/** Notes a message whose text is marked by `numbered`. */
function note(message: Buffer): void {
  const start = message.indexOf(hash)
  if (start < 0) return
  let number = 0
  let at = start + 1
  for (; message[at] !== hash && at < message.length; at++) number = number * 10 + (message[at] as number) - zero
  const nowMs = now()
  total++
  const arrival = arrivals.get(number)
  if (arrival) {
    arrival.count++
    arrival.lastMs = nowMs
    return
  }
  sample = Buffer.from(message)
  arrivals.set(number, { number, count: 1, firstMs: nowMs, lastMs: nowMs })
}
