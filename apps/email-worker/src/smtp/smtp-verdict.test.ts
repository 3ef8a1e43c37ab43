import { describe, expect, test } from 'vitest'
import { classifySmtpError } from './smtp-verdict.ts'

const reply = (command: string, response: string) => ({
  message: 'refused',
  command,
  response,
  responseCode: Number(response.slice(0, 3)),
})

/** Replies of real servers, collected from published bounce messages. */
const replies: Record<string, [command: string, response: string][]> = {
  mailbox: [
    ['RCPT TO', '550 5.1.1 <bad@example.com>: Recipient address rejected: User unknown in virtual mailbox table'],
    ['RCPT TO', '550 5.1.1 <bad@example.com>: Recipient address rejected: User unknown in relay recipient table'],
    ['RCPT TO', '550 5.1.1 <relay@example.com>: Recipient address rejected: User unknown'],
    ['RCPT TO', '550 <spam@example.com>: User unknown'],
    [
      'RCPT TO',
      "550-5.1.1 The email account that you tried to reach does not exist. Please try\n550-5.1.1 double-checking the recipient's email address for typos or\n550-5.1.1 unnecessary spaces. For more information, go to\n550 5.1.1  https://support.google.com/mail/?p=NoSuchUser a1-20020a170 - gsmtp",
    ],
    [
      'RCPT TO',
      '550 5.1.10 RESOLVER.ADR.RecipientNotFound; Recipient bad@example.com not found by SMTP address lookup',
    ],
    ['RCPT TO', '550 5.1.1 RESOLVER.ADR.ExRecipNotFound; not found'],
    ['RCPT TO', '501 5.1.3 Bad recipient address syntax'],
    ['RCPT TO', '550 5.1.6 recipient no longer on server'],
    ['RCPT TO', '550 5.2.1 The email account that you tried to reach is disabled.'],
    ['RCPT TO', '550 no such user here'],
    ['RCPT TO', '550 No Such User Here"'],
    ['RCPT TO', '550 sorry, no mailbox here by that name. (#5.1.1)'],
    ['RCPT TO', '550 5.5.0 Requested action not taken: mailbox unavailable (S2017062302)'],
    ['RCPT TO', "554 delivery error: dd This user doesn't have a yahoo.com account (bad@yahoo.com) [0] - mta1"],
    ['RCPT TO', '550 Invalid Recipient - https://community.mimecast.com/docs/DOC-1369#550 [AbCd]'],
    ['RCPT TO', '550 #5.1.0 Address rejected. User unknown'],
    ['RCPT TO', '550 Unknown user, Adresse unbekannt: Postfach für ä existiert nicht'],
    ['RCPT TO', '556 5.1.10 Recipient address has null MX'],
    ['DATA', '550 5.1.1 no such user'],
  ],
  relay: [
    ['RCPT TO', '550 relay not permitted'],
    ['RCPT TO', '550-relay not permitted\n550 contact postmaster'],
    ['RCPT TO', '550 5.7.1 Unable to relay'],
    ['RCPT TO', '550 5.7.1 Unable to relay for bad@example.com'],
    ['RCPT TO', '550 5.7.54 SMTP; Unable to relay recipient in non-accepted domain'],
    ['RCPT TO', '550 5.7.64 TenantAttribution; Relay Access Denied [xx.eurprd.prod.outlook.com]'],
    ['RCPT TO', '554 5.7.1 <bad@example.com>: Relay access denied'],
    ['RCPT TO', '554 <bad@example.com>: Recipient address rejected: Relay access denied'],
    ['RCPT TO', '550 5.1.1 relaying to unknown users is denied'],
    ['RCPT TO', "553 sorry, that domain isn't in my list of allowed rcpthosts (#5.7.1)"],
    ['RCPT TO', '550 5.7.1 <bad@example.com>... Relaying denied. Proper authentication required.'],
    ['RCPT TO', '550 Please turn on SMTP Authentication in your mail client.'],
    ['RCPT TO', '551 5.7.1 we do not relay'],
    ['RCPT TO', '554 5.7.1 <ops@muster.example>: Sender address rejected: Access denied'],
    ['RCPT TO', '553 5.7.1 <no-reply@muster.example>: Sender address rejected: not owned by user muster'],
    ['RCPT TO', '550 5.1.8 <no-reply@muster.example>: Sender address rejected: Domain not found'],
    ['RCPT TO', '553 5.1.7 bad sender mailbox'],
    [
      'RCPT TO',
      '550-Verification failed for <no-reply@muster.example>\n550-No Such User Here\n550 Sender verify failed',
    ],
    ['RCPT TO', '550 5.7.0 Authentication Required'],
    ['RCPT TO', '550 5.1.1 TLS required'],
    ['RCPT TO', '550 5.1.10 sandbox: only verified recipients allowed'],
    ['RCPT TO', '550 Recipient unknown: trial account may only send to verified addresses'],
    ['RCPT TO', '550 5.1.3 no recipients allowed from your host'],
    ['RCPT TO', '535 5.7.8 bad credentials'],
    ['DATA', '550 5.7.26 This mail is unauthenticated, which poses a security risk. DKIM = did not pass'],
    ['DATA', '554 5.2.252 SendAsDenied; not allowed to send as no-reply@muster.example'],
    ['DATA', '554 5.2.0 STOREDRV.Submission.Exception:SendAsDeniedException.MapiExceptionSendAsDenied'],
    ['DATA', '550 5.7.60 SMTP; Client does not have permissions to send as this sender'],
    [
      'DATA',
      '554 Message rejected: Email address is not verified. The following identities failed the check in region EU-CENTRAL-1: bad@example.com',
    ],
    ['DATA', '550 The from address does not match a verified Sender Identity. Mail cannot be sent until resolved.'],
    ['DATA', '550 5.4.5 Daily user sending limit exceeded. For more information on Gmail sending limits'],
  ],
  refused: [
    ['RCPT TO', '554 no'],
    ['RCPT TO', '550 Administrative prohibition'],
    ['RCPT TO', '550 Requested action not taken: mailbox unavailable'],
    [
      'RCPT TO',
      '550-Requested action not taken: mailbox unavailable\n550-invalid DNS MX or A/AAAA resource record\n550 Reject due to policy restrictions',
    ],
    ['RCPT TO', '553 mailbox name not allowed'],
    ['RCPT TO', '551 user not local'],
    ['RCPT TO', '550 5.4.1 Recipient address rejected: Access denied. AS(201806281)'],
    ['RCPT TO', '554 5.7.1 Service unavailable; Client host [192.0.2.1] blocked using zen.spamhaus.org'],
    ['RCPT TO', '550 5.7.1 Recipient address rejected: blocked by policy'],
    ['RCPT TO', '550 5.1.1 rejected for policy reasons'],
    ['RCPT TO', '550 no such user, blocked by our spam policy'],
    ['RCPT TO', '550 5.1.1 Domain not hosted here'],
    ['RCPT TO', '550 5.1.1 This server does not accept mail for example.com'],
    ['RCPT TO', '550 5.1.1 LDAP lookup failure, user database unavailable'],
    ['RCPT TO', '550 5.1.1 message rejected: account suspended'],
    ['RCPT TO', '550 5.1.2 <bad@example.invalid>: Recipient address rejected: Domain not found'],
    ['RCPT TO', '550 4.4.1 no such user'],
    ['RCPT TO', '521 this host does not accept mail'],
    ['RCPT TO', '554 \u00e4\u00f6\u00fc \u7121\u6548'],
    ['RCPT TO', '550'],
    ['DATA', '554 5.7.1 looks like spam'],
    ['DATA', '550 no such user mentioned in the text'],
    ['DATA', '554 Transaction failed'],
  ],
  message: [
    ['RCPT TO', '552 5.2.2 mailbox full'],
    ['RCPT TO', '552 5.2.2 The email account that you tried to reach is over quota'],
    ['RCPT TO', '552 Requested mailbox exceeds storage allocation'],
    ['RCPT TO', '550 5.2.1 The user you are trying to contact is receiving mail at a rate that prevents delivery'],
    ['DATA', '552 5.3.4 too big'],
    ['DATA', '554 5.6.0 corrupt message'],
    ['MAIL FROM', '552 5.3.4 too big'],
  ],
  busy: [
    ['RCPT TO', '450 4.2.0 greylisted'],
    ['RCPT TO', '450 5.1.1 <bad@example.com>: User unknown'],
    ['RCPT TO', '452 4.2.2 mailbox full'],
    ['DATA', '451 4.3.0 local error'],
  ],
  server: [
    ['RCPT TO', '421 4.3.2 shutting down'],
    ['RCPT TO', '530 5.7.0 Must issue a STARTTLS command first'],
    ['CONN', '554 5.7.1 go away'],
    ['CONN', '550 5.1.1 no such user'],
    ['EHLO', '550 5.7.1 Access denied'],
    ['AUTH PLAIN', '535 5.7.8 bad credentials'],
    ['MAIL FROM', '550 5.1.8 sender refused'],
    ['MAIL FROM', '550 5.1.1 no such user'],
  ],
}

describe.each(Object.entries(replies))('%s:', (kind, cases) => {
  test.each(cases)('reply to %s: "%s"', (command, response) => {
    expect(classifySmtpError(reply(command, response)).kind).toBe(kind)
  })
})

test('a broken connection is classified as server, an invalid address as message', () => {
  expect(classifySmtpError({ message: 'closed', code: 'ECONNECTION', command: 'CONN' }).kind).toBe('server')
  expect(classifySmtpError({ message: 'No recipients defined', code: 'EENVELOPE', command: 'API' }).kind).toBe(
    'message',
  )
})

test('only a permanent refusal of Muster itself needs the operator', () => {
  expect(classifySmtpError(reply('AUTH PLAIN', '535 5.7.8 no')).needsOperator).toBe(true)
  expect(classifySmtpError(reply('RCPT TO', '550 relay not permitted')).needsOperator).toBe(true)
  expect(classifySmtpError(reply('CONN', '421 later')).needsOperator).toBe(false)
  expect(classifySmtpError(reply('RCPT TO', '550 5.1.1 no')).needsOperator).toBe(false)
})

test('the summary for the log does not contain the words of the server', () => {
  expect(classifySmtpError(reply('RCPT TO', '550 5.1.1 <ada@example.com> unknown')).summary).toBe(
    '550 5.1.1 at RCPT TO',
  )
})
