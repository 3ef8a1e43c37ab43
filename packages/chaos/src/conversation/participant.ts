import {
  type CookieJar,
  createCookieJar,
  createMuster,
  type Message,
  type Muster,
  type MusterError,
} from '@muster/client'
import { startTcpProxy, type TcpProxy } from '../faults/tcp-proxy.ts'

/** A message that the API acknowledged. */
export type Acknowledged = { id: string; chatId: string; clientId: string; place: number }

/** A client of one user behind a network of its own. It keeps a ledger of what was acknowledged, and of each fault of order that it saw. */
export type Participant = {
  name: string
  userId: string
  muster: Muster
  cookies: CookieJar
  network: TcpProxy
  ledger: Acknowledged[]
  /** Messages that the API refused, for example after a removal. */
  refused: MusterError[]
  faults: string[]
  /** Sends a text, and notes in the ledger when it is acknowledged. */
  say(chatId: string, body: string): void
  close(): Promise<void>
}

type Options = { name: string; email: string; password: string; apiUrl: string }

/** Signs in and connects. */
export async function startParticipant({ name, email, password, apiUrl }: Options): Promise<Participant> {
  const network = await startTcpProxy(apiUrl)
  const cookies = createCookieJar()
  const muster = createMuster({ baseUrl: network.url, cookies })
  const session = await muster.session.signIn({ email, password })
  if (session.status !== 'signed-in') throw new Error(`${name} is ${session.status} instead of signed in.`)
  const participant: Participant = {
    ...{ name, userId: session.user.id, muster, cookies, network, ledger: [], refused: [], faults: [] },
    say(chatId, body) {
      const place = said++
      const { clientId, whenSent } = muster.chat(chatId).send(body)
      whenSent().then(
        ({ id }: Message) => void participant.ledger.push({ id, chatId, clientId, place }),
        (error: MusterError) => void participant.refused.push(error),
      )
    },
    async close() {
      muster.close()
      await network.close()
    },
  }
  let said = 0
  watchOrder(participant)
  await muster.realtime().whenOpen()
  return participant
}

/** Notes each change that comes twice or in a wrong order while the user is a member without interruption. */
function watchOrder({ name, userId, muster, faults }: Participant): void {
  const last = new Map<string, number>()
  muster.realtime().on('resynced', () => last.clear())
  muster.realtime().on('chat:change', (event) => {
    const before = last.get(event.chatId) ?? 0
    if (event.change <= before) faults.push(`${name} got ${event.change} after ${before} in ${event.chatId}`)
    const hasLeft = event.kind === 'member' && event.member.user.id === userId && event.member.leftAt !== null
    if (hasLeft) last.delete(event.chatId)
    else last.set(event.chatId, event.change)
  })
}
