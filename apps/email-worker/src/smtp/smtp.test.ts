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
  ['letters of all the world', 'Grüße, 世界 🌍 …'],
  ['lines that begin with a dot', '.\n..\n.dot\nend'],
  ['what quoted-printable is made of', 'a=3D=\n= =20 é'],
  ['blanks at the end of a line', 'before  \nü after\t\nend'],
  ['lines that are too long for SMTP', `${'x'.repeat(3_000)}\n${'é '.repeat(700)}end`],
])('%s arrive as they were written', async (_what, words) => {
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
  ['what looks like encoded words', '=?UTF-8?B?ZXZpbA==?= =?utf-8?q?=E2=80=AEevil?='],
  ['what looks like the end of encoded words', 'a?= =?'],
  ['a line that is too long, without a blank', 'x'.repeat(1_500)],
  ['a long line of words', 'many words '.repeat(150).trim()],
  ['letters beyond the first plane, at every place', `x${'👩\u200d💻'.repeat(40)}`],
  ['writing from right to left, isolated', 'Reminder: \u2068שלום\u2069'],
  ['what looks like an address', '"Ann" <evil@example.com>, b@example.com'],
  ['what looks like a further header', 'Subject: x; Bcc: evil@example.com'],
])('a subject of %s arrives as it was written, in lines that SMTP takes', async (_what, subject) => {
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

test('no line of a message is longer than SMTP takes', async () => {
  peer = await startSmtpPeer()
  await open(peer.url).send(message({ html: `<p>${'x'.repeat(5_000)}</p>`, text: 'é'.repeat(2_000) }), guard())
  const lines = peer.received[0]?.raw.split('\r\n') ?? []
  expect(Math.max(...lines.map(({ length }) => length))).toBeLessThanOrEqual(998)
  expect(peer.received[0]?.raw).not.toMatch(/[^\r]\n|\r[^\n]/)
})

test('ASCII goes over the way as it is', async () => {
  peer = await startSmtpPeer()
  await open(peer.url).send(message({}), guard())
  const { raw = '' } = peer.received[0] ?? {}
  expect(raw).toContain('Content-Transfer-Encoding: 7bit\r\n\r\n<p>Hello</p>\r\n')
})

test('nothing of a message goes out when it may no longer begin, and the next one does', async () => {
  peer = await startSmtpPeer()
  const pool = open(peer.url)
  await expect(pool.send(message({}), { ...guard(), mayStart: () => false })).rejects.toThrow()
  await pool.send(message({}), guard())
  expect(peer.received).toHaveLength(1)
})
