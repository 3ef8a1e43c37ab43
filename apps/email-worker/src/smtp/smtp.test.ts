import { newId } from '@muster/db'
import { inboxSmtpUrl, waitForMail } from '@muster/testing'
import { afterEach, expect, test } from 'vitest'
import { type SmtpPeer, startSmtpPeer } from '../testing/smtp-peer.ts'
import { createSmtp, type Smtp, type SmtpMessage } from './smtp.ts'

let smtp: Smtp | undefined
let peer: SmtpPeer | undefined

afterEach(async () => {
  smtp?.close()
  await peer?.close()
})

const guard = () => ({ signal: new AbortController().signal, mayStart: () => true })
const sender = { name: 'Müster "& Söhne"', address: 'no-reply@muster.example', domain: 'muster.example' }
const open = (url: string) => {
  smtp = createSmtp({ url, sender, maxConnections: 2 })
  return smtp
}

const plain = { subject: 'Hello', html: '<p>Hello</p>', text: 'Hello\n' }
const message = (changes: Partial<SmtpMessage>) => ({ id: newId(), to: `${newId()}@example.com`, ...plain, ...changes })

test.each([
  ['letters of many scripts', 'Grüße, 世界 🌍 …'],
  ['lines that start with a dot', '.\n..\n.dot\nend'],
  ['the syntax of quoted-printable', 'a=3D=\n= =20 é'],
  ['blanks at the end of a line', 'before  \nü after\t\nend'],
  ['lines that are too long for SMTP', `${'x'.repeat(3_000)}\n${'é '.repeat(700)}end`],
])('%s arrive unchanged', async (_what, words) => {
  const sent = message({
    text: `${words}\n`,
    html: `<p>${words}</p>`,
    subject: words.split('\n')[0]?.slice(0, 200).trim() ?? '',
  })
  await open(inboxSmtpUrl()).send(sent, guard())
  const { text, html, subject, from } = await waitForMail({ to: sent.to })
  expect(text).toBe(`${words}\n`)
  expect(html?.trimEnd()).toBe(`<p>${words}</p>`)
  expect(subject).toBe(sent.subject)
  expect(from).toMatchObject([{ name: sender.name, address: sender.address }])
})

test.each([
  ['encoded words', '=?UTF-8?B?ZXZpbA==?= =?utf-8?q?=E2=80=AEevil?='],
  ['the end of an encoded word', 'a?= =?'],
  ['a line that is too long, without a blank', 'x'.repeat(1_500)],
  ['a long line of words', 'many words '.repeat(150).trim()],
  ['letters beyond the first plane in each position', `x${'👩\u200d💻'.repeat(40)}`],
  ['isolated right-to-left text', 'Reminder: \u2068שלום\u2069'],
  ['the syntax of addresses', '"Ann" <evil@example.com>, b@example.com'],
  ['the syntax of a header', 'Subject: x; Bcc: evil@example.com'],
])('a subject with %s arrives unchanged, in lines of at most 998 octets', async (_what, subject) => {
  const sent = message({ subject })
  await open(inboxSmtpUrl()).send(sent, guard())
  expect((await waitForMail({ to: sent.to })).subject).toBe(subject)
  peer = await startSmtpPeer()
  await open(peer.url).send(sent, guard())
  const head = peer.received[0]?.raw.split('\r\n\r\n')[0]?.split('\r\n') ?? []
  expect(Math.max(...head.map(({ length }) => length))).toBeLessThanOrEqual(998)
  expect(head.filter((line) => /^(subject|bcc):/i.test(line))).toHaveLength(1)
  expect(head.join('\n')).toMatch(/^[\x20-\x7e\n]*$/)
})

test('no line of a message is longer than 998 octets', async () => {
  peer = await startSmtpPeer()
  await open(peer.url).send(message({ html: `<p>${'x'.repeat(5_000)}</p>`, text: 'é'.repeat(2_000) }), guard())
  const lines = peer.received[0]?.raw.split('\r\n') ?? []
  expect(Math.max(...lines.map(({ length }) => length))).toBeLessThanOrEqual(998)
  expect(peer.received[0]?.raw).not.toMatch(/[^\r]\n|\r[^\n]/)
})

test('ASCII is sent without an encoding', async () => {
  peer = await startSmtpPeer()
  await open(peer.url).send(message({}), guard())
  const { raw = '' } = peer.received[0] ?? {}
  expect(raw).toContain('Content-Transfer-Encoding: 7bit\r\n\r\n<p>Hello</p>\r\n')
})

test('a message that may not start is not sent, and the next one is', async () => {
  peer = await startSmtpPeer()
  const pool = open(peer.url)
  await expect(pool.send(message({}), { ...guard(), mayStart: () => false })).rejects.toThrow()
  await pool.send(message({}), guard())
  expect(peer.received).toHaveLength(1)
})
