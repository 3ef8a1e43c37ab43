import { expect, test } from 'vitest'
import { judgeSmtpError } from './smtp-verdict.ts'

const reply = (command: string, response: string) => ({
  message: 'refused',
  command,
  response,
  responseCode: Number(response.slice(0, 3)),
})

test.each([
  ['RCPT TO', '550 5.1.1 no such user', 'address'],
  ['RCPT TO', '550 no such user here', 'address'],
  ['RCPT TO', '551 user not local', 'address'],
  ['RCPT TO', '553 mailbox name not allowed', 'address'],
  ['RCPT TO', '554 no', 'address'],
  ['RCPT TO', '550 5.4.1 recipient address rejected', 'address'],
  ['RCPT TO', '501 5.1.3 bad address syntax', 'address'],
  ['RCPT TO', '550 5.2.1 mailbox disabled', 'address'],
  ['DATA', '550 5.1.1 no such user', 'address'],
  ['RCPT TO', '552 5.2.2 mailbox full', 'message'],
  ['RCPT TO', '554 5.7.1 relay access denied', 'message'],
  ['DATA', '552 5.3.4 too big', 'message'],
  ['DATA', '554 5.7.1 looks like spam', 'message'],
  ['MAIL FROM', '552 5.3.4 too big', 'message'],
  ['RCPT TO', '450 4.2.0 greylisted', 'busy'],
  ['DATA', '451 4.3.0 local error', 'busy'],
  ['RCPT TO', '421 4.3.2 shutting down', 'server'],
  ['RCPT TO', '530 5.7.0 authentication required', 'server'],
  ['CONN', '554 5.3.2 go away', 'server'],
  ['AUTH PLAIN', '535 5.7.8 bad credentials', 'server'],
  ['MAIL FROM', '550 5.1.8 sender refused', 'server'],
])('%s answered by "%s" is about the %s', (command, response, kind) => {
  expect(judgeSmtpError(reply(command, response)).kind).toBe(kind)
})

test('a broken connection is the server’s, an impossible address the message’s', () => {
  expect(judgeSmtpError({ message: 'closed', code: 'ECONNECTION', command: 'CONN' }).kind).toBe('server')
  expect(judgeSmtpError({ message: 'No recipients defined', code: 'EENVELOPE', command: 'API' }).kind).toBe('message')
})

test('only a lasting refusal of Muster itself asks for the operator', () => {
  expect(judgeSmtpError(reply('AUTH PLAIN', '535 5.7.8 no')).needsOperator).toBe(true)
  expect(judgeSmtpError(reply('CONN', '421 later')).needsOperator).toBe(false)
  expect(judgeSmtpError(reply('RCPT TO', '550 5.1.1 no')).needsOperator).toBe(false)
})

test('the summary for the log leaves the server’s words out', () => {
  expect(judgeSmtpError(reply('RCPT TO', '550 5.1.1 <ada@example.com> unknown')).summary).toBe('550 at RCPT TO')
})
