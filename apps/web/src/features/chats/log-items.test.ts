import type { Message } from '@muster/client'
import { describe, expect, test } from 'vitest'
import { logItems } from './log-items.ts'

const me = 'ann'
const timeZone = 'Asia/Kolkata'
const message = (seq: number, sender: string, createdAt: string, deletedAt: string | null = null) =>
  ({ id: `m${seq}`, seq, createdAt, deletedAt, sender: { id: sender, name: sender } }) as Message

/** Writes items as a reader sees them: days, the mark, and messages, of which the first of a run has a star. */
const shown = (messages: Message[], unreadAfter: number | null = null) =>
  logItems(messages, { me, timeZone, unreadAfter }).map((item) =>
    item.kind === 'day' ? item.day : item.kind === 'unread' ? 'new' : `${item.message.seq}${item.isFirst ? '*' : ''}`,
  )

describe('the log of a chat', () => {
  test('days begin at midnight of the zone of the user', () => {
    const messages = [message(1, 'bert', '2026-11-26T18:29:00Z'), message(2, 'bert', '2026-11-26T18:31:00Z')]
    expect(shown(messages)).toEqual(['2026-11-26', '1*', '2026-11-27', '2*'])
  })

  test('messages of one sender are a run until another one writes or five minutes pass', () => {
    const messages = [
      message(1, 'bert', '2026-11-27T10:00:00Z'),
      message(2, 'bert', '2026-11-27T10:04:59Z'),
      message(3, 'bert', '2026-11-27T10:10:00Z'),
      message(4, 'ann', '2026-11-27T10:10:01Z'),
    ]
    expect(shown(messages)).toEqual(['2026-11-27', '1*', '2', '3*', '4*'])
  })

  test('the mark of what is new stands once, before the first message of others that is not deleted', () => {
    const at = '2026-11-27T10:00:00Z'
    const messages = [
      message(1, 'bert', at),
      message(2, 'ann', at),
      message(3, 'bert', at, at),
      message(4, 'bert', at),
      message(5, 'bert', at),
    ]
    expect(shown(messages, 1)).toEqual(['2026-11-27', '1*', '2*', '3*', 'new', '4*', '5'])
    expect(shown(messages, 5)).not.toContain('new')
  })
})
