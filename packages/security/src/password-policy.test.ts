import { expect, test } from 'vitest'
import { passwordFaults } from './password-policy.ts'

const unreadable = 'must not contain control characters, lone surrogates or U+FFFD'
const messagesOf = (password: string) => passwordFaults(password, user).map(({ message }) => message)
const user = { email: 'anna.lee+work@example.org', username: 'anna_l' }

test.each([
  ['Tr4velling-Slowly', []],
  ['Grün9-Übermut', []],
  ['Sh0rt!a', ['must have at least 8 characters']],
  [`Aa1${'x'.repeat(125)}`, []],
  [`Aa1${'x'.repeat(126)}`, ['must have at most 128 characters']],
  ['tr4velling-slowly', ['must contain an upper-case letter']],
  ['TR4VELLING-SLOWLY', ['must contain a lower-case letter']],
  ['Travelling-Slowly', ['must contain a digit']],
  ['PassWord123', ['is one of the most common passwords']],
  ['Welcome1', ['is one of the most common passwords']],
  ['xx-ANNA.LEE-77', ['must not contain your e-mail name or username']],
  ['xx-Anna_L-77', ['must not contain your e-mail name or username']],
  ['Pa\u017F\u017FWord123', ['is one of the most common passwords']],
  ['xx-\uFF21\uFF2E\uFF2E\uFF21.LEE-77', ['must not contain your e-mail name or username']],
  ['Tr4velling\t-Slowly', [unreadable]],
  ['Tr4velling-\ud800-Slowly', [unreadable]],
  ['Tr4velling-\ufffd-Slowly', [unreadable]],
] as [string, string[]][])('%s', (password, faults) => {
  expect(messagesOf(password)).toEqual(faults)
})

test('a password may contain an e-mail name of one or two letters', () => {
  expect(passwordFaults('Tr4velling-Slowly', { email: 'al@example.org' })).toEqual([])
})

test('all faults are returned together', () => {
  expect(passwordFaults('', user)).toHaveLength(4)
})

test('a character outside the basic plane counts as one', () => {
  expect(messagesOf('Aa1🎈🎈🎈🎈')).toEqual(['must have at least 8 characters'])
})
