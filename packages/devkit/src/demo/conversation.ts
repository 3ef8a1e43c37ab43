import type { ChatHandle, Message, Muster } from '@muster/client'
import { StartError } from '@muster/supervisor'
import { startCuttableLink } from '../services/cuttable-link.ts'
import { createClient } from './client.ts'
import { newPerson, type Person, register } from './person.ts'
import { step } from './step.ts'
import { waitFor } from './wait-for.ts'

type Options = { api: string; inbox: string; person: Person; photo: Buffer; timeoutMs: number }

/** How long the connection of one of them stays cut. */
const cutMs = 3_000

/** Lets two people become friends and chat, with a photo and a lost connection. @returns what both have in the end */
export async function converse(ann: Muster, { api, inbox, person, photo, timeoutMs }: Options): Promise<Message[]> {
  const link = await startCuttableLink(api)
  const bert = createClient(link.url)
  try {
    await step('a friend registers', () => register(bert, newPerson('Demo Friend'), inbox, timeoutMs))
    await step('asks to be friends', () => askToBeFriends(bert, person.username))
    await step('and is accepted', async () => {
      const { incoming } = await ann.friends.requests()
      await ann.friends.accept(incoming[0]?.id ?? '')
    })
    await step('both connect', () => Promise.all([ann, bert].map((muster) => muster.realtime().whenOpen())))
    const { id } = await step('begin a chat', () => ann.chats.create({ type: 'direct', userId: idOf(bert) }))
    const [annChat, bertChat] = [ann.chat(id), bert.chat(id)]
    await Promise.all([annChat.open(), bertChat.open()])
    const sees = (chat: ChatHandle, body: string) =>
      waitFor(`the message "${body}"`, timeoutMs, async () => find(chat, body))

    await step('a message arrives', async () => {
      await annChat.send('Look what I grow!').whenSent()
      return sees(bertChat, 'Look what I grow!')
    })
    await step('and a photo, ready to be seen', async () => {
      await annChat
        .send({ body: 'My ferns', files: [{ name: 'ferns.jpg', data: new Blob([new Uint8Array(photo)]) }] })
        .whenSent()
      await sees(bertChat, 'My ferns')
      return waitFor('the photo', timeoutMs, async () =>
        find(bertChat, 'My ferns')?.attachments.find(({ status }) => status === 'ready'),
      )
    })
    await step('the friend loses the connection', () => link.cut())
    await step('both write meanwhile', async () => {
      bertChat.send('Can you hear me?')
      for (const body of ['They need', 'much water', 'and little sun.']) await annChat.send(body).whenSent()
      await new Promise((resolve) => setTimeout(resolve, cutMs))
    })
    await step(
      'the connection is back',
      async () => {
        link.mend()
        await sees(annChat, 'Can you hear me?')
        await sees(bertChat, 'Can you hear me?')
      },
      () => 'nothing is missing, nothing is twice',
    )
    return bothHave(annChat, bertChat)
  } finally {
    ann.close()
    bert.close()
    await link.close()
  }
}

async function askToBeFriends(muster: Muster, username: string): Promise<void> {
  const [user] = await muster.users.search({ q: username })
  await muster.friends.request({ userId: user?.id ?? '' })
}

function idOf({ session }: Muster): string {
  const state = session.getSnapshot()
  return state.status === 'signed-in' ? state.user.id : ''
}

const find = (chat: ChatHandle, body: string) => chat.getSnapshot().messages.find((message) => message.body === body)

function bothHave(one: ChatHandle, other: ChatHandle): Message[] {
  const [messages, others] = [one, other].map((chat) => chat.getSnapshot().messages)
  const numbers = (messages ?? []).map(({ seq }) => seq)
  const areEqual = JSON.stringify(messages?.map(({ id }) => id)) === JSON.stringify(others?.map(({ id }) => id))
  if (!areEqual || numbers.some((seq, index) => seq !== index + 1))
    throw new StartError('The two people do not see the same messages.')
  return [...(messages ?? [])]
}
