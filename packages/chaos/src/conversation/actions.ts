import type { Message } from '@muster/client'
import type { Chance } from './chance.ts'
import type { Participant } from './participant.ts'

type Scene = { crew: readonly Participant[]; groups: readonly string[]; directs: readonly string[]; chance: Chance }

const cutsMs = [0, 1_000, 12_000]

/** Lets somebody do something at random. Requests that fail, because of a fault or of another's action, are no fault of the test. */
export function act({ crew, groups, directs, chance }: Scene): void {
  const actor = chance.oneOf(crew)
  const chatId = chance.oneOf([...groups, ...groups, ...directs])
  if (!actor || !chatId) return
  const isMember = actor.muster.chat(chatId).getSnapshot().chat !== undefined
  if (!isMember) return
  const dice = chance.number(100)
  if (dice < 50) actor.say(chatId, `${actor.name} says ${chance.number(1_000_000)}`)
  else if (dice < 80) changeMessage(actor, chatId, dice, chance)
  else if (dice < 90) actor.muster.chat(chatId).read()
  else if (dice < 97 && groups.includes(chatId)) changeMembership(actor, chatId, { crew, groups, directs, chance })
  else cut(actor, chance)
}

function changeMessage({ userId, muster }: Participant, chatId: string, dice: number, chance: Chance): void {
  const { messages } = muster.chat(chatId).getSnapshot()
  const own = messages.filter(({ sender, deletedAt }: Message) => sender.id === userId && deletedAt === null)
  const some = chance.oneOf(messages.slice(-20))
  const mine = chance.oneOf(own.slice(-10))
  const handle = muster.chat(chatId)
  const attempt = (request: Promise<unknown> | undefined) => void request?.catch(() => {})
  if (dice < 60) attempt(mine && handle.edit(mine.id, `edited ${chance.number(1_000_000)}`))
  else if (dice < 65) attempt(mine && handle.delete(mine.id))
  else if (dice < 75) attempt(some && handle.react(some.id, chance.oneOf(['👍', '🎉', '❤️']) as string))
  else attempt(some && handle.unreact(some.id, '👍'))
}

function changeMembership(actor: Participant, chatId: string, { crew, chance }: Scene): void {
  const other = chance.oneOf(crew)
  if (!other || other === actor) return
  const { chats } = actor.muster
  const request =
    chance.number(2) === 0
      ? chats.addMembers(chatId, { userIds: [other.userId] })
      : chats.removeMember(chatId, other.userId)
  request.catch(() => {})
}

function cut({ network }: Participant, chance: Chance): void {
  network.cut()
  setTimeout(network.heal, chance.oneOf(cutsMs))
}
