import { describe, expect, test } from 'vitest'
import { mentionBefore, mentionedIn, offeredFor, withMention } from './mentions.ts'

const person = (id: string, name: string, username: string) => ({ id, name, username, avatarUrl: null })
const people = new Map(
  [person('1', 'Ann Lee', 'ann'), person('2', 'Bert Ångström', 'bert.a'), person('3', 'Annika', 'nika')].map((one) => [
    one.id,
    one,
  ]),
)
const names = (text: string) => {
  const mention = mentionBefore(text, text.length)
  return mention && offeredFor(mention, people, '1').map(({ username }) => username)
}

describe('mentions', () => {
  test('members are offered by the beginning of a word of their name, or of their username', () => {
    expect(names('Hello @')).toEqual(['bert.a', 'nika'])
    expect(names('@ann')).toEqual(['nika'])
    expect(names('(@ång')).toEqual(['bert.a'])
  })

  test('an address of mail is no mention', () => {
    expect(names('bert@ann')).toBeNull()
    expect(mentionedIn('bert@nika', people, '1')).toEqual([])
  })

  test('a chosen member takes the place of what was typed', () => {
    const text = 'Ask @be about it'
    const mention = mentionBefore(text, 'Ask @be'.length)
    expect(mention && withMention(text, mention, person('2', 'Bert', 'bert.a'))).toEqual({
      text: 'Ask @bert.a about it',
      cursor: 'Ask @bert.a '.length,
    })
  })

  test('members are mentioned once, also at the end of a sentence, and nobody else is', () => {
    expect(mentionedIn('@bert.a, @NIKA. And @bert.a, @ann, @nobody', people, '1')).toEqual(['2', '3'])
    expect(mentionedIn('Come, @bert.a.', people, '1')).toEqual(['2'])
  })
})
