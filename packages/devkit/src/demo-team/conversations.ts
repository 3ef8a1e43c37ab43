import { randomUUID } from 'node:crypto'
import type { Message } from '@muster/client'
import type { Client } from 'pg'
import { drawLandscape, drawPoster } from './pictures.ts'
import type { Part, Team } from './team.ts'

type Line = {
  by: Part
  body: string
  /** How long ago it was written, in minutes. */
  ago: number
  /** The number of the line that it replies to, counted from 0. */
  replyTo?: number
  mentions?: Part[]
  picture?: () => Promise<{ name: string; data: Uint8Array<ArrayBuffer> }>
  reactions?: Partial<Record<Part, string>>
}

type Conversation = {
  /** The first one begins it. */
  members: readonly [Part, Part, ...Part[]]
  /** The name of a group; a chat of two has none. */
  name?: string
  /** Only for members of the organization. */
  isOfTeam?: boolean
  /** How many of the last lines the owner has not read. */
  unread: number
  lines: readonly Line[]
}

const day = 1_440

const conversations: readonly Conversation[] = [
  {
    members: ['owner', 'designer', 'developer', 'writer', 'tester'],
    name: 'Open day',
    isOfTeam: true,
    unread: 3,
    lines: [
      { by: 'owner', ago: 3 * day + 90, body: 'Let us collect here what we need for the open day.' },
      { by: 'designer', ago: 3 * day + 82, body: 'I begin with the poster. Two drafts by tomorrow?' },
      { by: 'owner', ago: 3 * day + 80, body: 'Perfect.', replyTo: 1, reactions: { designer: '👍' } },
      { by: 'writer', ago: 3 * day + 44, body: 'The invitation is half done. Do we have the times of the tours?' },
      {
        by: 'owner',
        ago: 3 * day + 40,
        body: '11 and 15 o’clock, half an hour each.',
        reactions: { writer: '🙏', tester: '👍' },
      },
      {
        by: 'developer',
        ago: 2 * day + 300,
        body: 'The page is online, hidden for now. The form takes names and the number of children.',
      },
      {
        by: 'tester',
        ago: 2 * day + 240,
        body: 'The form works on my old phone too 🎉',
        reactions: { developer: '🎉', owner: '❤️', designer: '🎉' },
      },
      {
        by: 'designer',
        ago: day + 200,
        body: 'First draft, with the circles from the catalogue:',
        picture: async () => ({ name: 'Poster draft 1.png', data: await drawPoster(1) }),
        reactions: { owner: '😍', writer: '👍', developer: '👍' },
      },
      { by: 'writer', ago: day + 190, body: 'Beautiful. Could the date be larger?', replyTo: 7 },
      { by: 'designer', ago: day + 60, body: 'Done, it is in the task now.' },
      { by: 'developer', ago: 170, body: 'Shall I open the registration today?', mentions: ['owner'] },
      { by: 'tester', ago: 95, body: 'I would like to try it once more before.' },
      { by: 'writer', ago: 32, body: 'Then the newsletter goes out tomorrow morning.' },
    ],
  },
  {
    members: ['owner', 'designer'],
    unread: 1,
    lines: [
      { by: 'designer', ago: 2 * day + 20, body: 'Do you have a minute for the catalogue?' },
      { by: 'owner', ago: 2 * day + 12, body: 'After lunch, in the courtyard?' },
      { by: 'designer', ago: 2 * day + 11, body: '👌' },
      { by: 'owner', ago: day + 320, body: 'I like the second spread best. The oak table deserves the whole page.' },
      { by: 'designer', ago: day + 300, body: 'Agreed, I move the prices to the end.', reactions: { owner: '👍' } },
      { by: 'designer', ago: 48, body: 'The printer asks for the final file by the evening. Which poster is it?' },
    ],
  },
  {
    members: ['partner', 'owner'],
    unread: 0,
    lines: [
      { by: 'partner', ago: 4 * day, body: 'We can lend you forty chairs for the open day.' },
      { by: 'owner', ago: 4 * day - 15, body: 'That would help a lot, thank you!', reactions: { partner: '😊' } },
      {
        by: 'partner',
        ago: day + 500,
        body: 'This is where we store them; there is a ramp on the left.',
        picture: async () => ({ name: 'Yard.jpg', data: await drawLandscape(3) }),
      },
      { by: 'owner', ago: day + 470, body: 'Then we come with the small van on the evening before.' },
    ],
  },
  {
    members: ['owner', 'developer', 'partner'],
    name: 'Shared tools',
    unread: 0,
    lines: [
      { by: 'owner', ago: 9 * day, body: 'Who has the long clamps at the moment?' },
      { by: 'partner', ago: 9 * day - 30, body: 'We do. You get them back on Monday.' },
      {
        by: 'developer',
        ago: 6 * day,
        body: 'They hang on the wall again.',
        reactions: { owner: '👍', partner: '👍' },
      },
    ],
  },
]

/** Lets the people write to each other over the API, then dates the messages back, which the API does not let one do. */
export async function converse(db: Client, team: Team): Promise<void> {
  await Promise.all(conversations.map((conversation) => hold(db, team, conversation)))
}

async function hold(db: Client, team: Team, conversation: Conversation): Promise<void> {
  const { members, name, isOfTeam, lines, unread } = conversation
  const [first, second] = members
  const { muster, user } = team[first]
  const { id } = name
    ? await muster.chats.create({
        type: 'group',
        name,
        memberIds: members.slice(1).map((part) => team[part].user.id),
        organizationId: isOfTeam ? user.organizationId : null,
      })
    : await muster.chats.create({ type: 'direct', userId: team[second].user.id })
  const sent: Message[] = []
  for (const line of lines) sent.push(await send(team, id, line, sent))
  await Promise.all([
    ...lines.flatMap(({ reactions = {} }, index) =>
      Object.entries(reactions).map(([part, emoji]) =>
        team[part as Part].muster.chats.react(id, (sent[index] as Message).id, emoji),
      ),
    ),
    ...members.map((part) => {
      const seq = sent.length - (part === 'owner' ? unread : 0)
      return team[part].muster.chats.markRead(id, { seq })
    }),
  ])
  await dateBack(db, id, sent, lines)
}

async function send(team: Team, chatId: string, line: Line, before: readonly Message[]): Promise<Message> {
  const { by, body, picture, replyTo, mentions = [] } = line
  const { chats } = team[by].muster
  const files = picture ? await chats.uploadMedia(chatId, [await picture()]).waitUntilReady() : []
  return chats.sendMessage(chatId, {
    clientId: randomUUID(),
    body,
    attachmentIds: files.map((file) => file.id),
    mentions: mentions.map((part) => team[part].user.id),
    replyToId: replyTo === undefined ? null : (before[replyTo]?.id ?? null),
  })
}

async function dateBack(
  db: Client,
  chatId: string,
  messages: readonly Message[],
  lines: readonly Line[],
): Promise<void> {
  const minutes = lines.map(({ ago }) => ago)
  await db.query(
    `update messages set created_at = now() - made.minutes * interval '1 minute'
     from unnest($1::uuid[], $2::int[]) as made (id, minutes) where messages.id = made.id`,
    [messages.map(({ id }) => id), minutes],
  )
  await db.query(
    `with began as (
       update chat_members set joined_at = now() - $2 * interval '1 minute' where chat_id = $1)
     update chats set created_at = now() - $2 * interval '1 minute', last_message_at = now() - $3 * interval '1 minute' where id = $1`,
    [chatId, Math.max(...minutes) + 5, Math.min(...minutes)],
  )
}
