import { createHmac } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import { newId } from '@muster/db'
import { sendEmail } from '@muster/jobs/definitions'
import { eventually, inboxSmtpUrl, mailsTo, waitForMail } from '@muster/testing'
import { sql } from 'kysely'
import { describe, expect, test } from 'vitest'
import type { Harness } from '../testing/harness.ts'
import { setUp } from '../testing/set-up.ts'

/** Decodes the soft line breaks and equals signs of quoted-printable. */
const unfolded = (raw = '') => raw.replaceAll('=\r\n', '').replaceAll('=3D', '=')

/** An independent implementation of the derivation in the specification. */
function derive(key: Buffer, purpose: string, emailId: string): Buffer {
  const parts = [purpose, emailId, '1'].map((part) => {
    const length = Buffer.alloc(4)
    length.writeUInt32BE(Buffer.byteLength(part))
    return Buffer.concat([length, Buffer.from(part)])
  })
  return createHmac('sha256', key).update(Buffer.concat(parts)).digest()
}

const expectedCode = (key: Buffer, emailId: string) =>
  (derive(key, 'register-code', emailId).readBigUInt64BE() % 1_000_000n).toString().padStart(6, '0')

const expectedToken = (key: Buffer, emailId: string) =>
  `${emailId}.${derive(key, 'password-reset', emailId).toString('base64url')}`

describe('a mail with a code', () => {
  test.concurrent('arrives once, with its derived code in both parts and not in the subject', async (context) => {
    const { harness, startWorker } = await setUp(context)
    startWorker({ smtpUrl: inboxSmtpUrl() })
    const to = harness.address()
    const id = await harness.sendMail({ template: 'register-code', to, data: { name: 'Ada' } })

    const mail = await waitForMail({ to })
    const row = await harness.waitForStatus(id, 'sent')
    const code = expectedCode(harness.codeKey, id)
    expect(mail.text).toContain(code)
    expect(mail.html).toContain(code)
    expect(mail.text).toContain('Hello Ada,')
    expect(mail.subject).not.toMatch(/\d/)
    expect(mail.headers['message-id']).toBe(`<${id}@muster.example>`)
    expect(mail.from).toMatchObject([{ address: 'no-reply@muster.example', name: 'Muster' }])
    expect(row).toMatchObject({ attempts: 1, error: null, code_key_id: 'k1', lease_token: null })
    expect(row.smtp_id).toBeTruthy()
    expect(JSON.stringify(row)).not.toContain(code)
    expect(await harness.countPendingJobs()).toBe(0)
    expect(await mailsTo(to)).toHaveLength(1)
  })

  test.concurrent('is dropped without a connection after its code has expired', async (context) => {
    const { harness, peer, startWorker } = await setUp(context)
    const to = harness.address()
    const expiresAt = new Date(Date.now() - 1)
    const id = await harness.sendMail({ template: 'register-code', to, data: { name: 'Ada' }, expiresAt })
    startWorker()

    await harness.waitForStatus(id, 'dropped')
    expect(peer.connectedAtMs).toEqual([])
    expect(await harness.countPendingJobs()).toBe(0)
  })

  test('is retried until the code expires, and then dropped', async (context) => {
    const { harness, peer, startWorker } = await setUp(context)
    peer.replies = { rcptTo: () => ({ code: 450, text: '4.2.0 later' }) }
    startWorker()
    const expiresAt = new Date(Date.now() + 5_000)
    const id = await harness.sendMail({
      template: 'register-code',
      to: harness.address(),
      data: { name: 'Ada' },
      expiresAt,
    })

    expect((await harness.waitForStatus(id, 'dropped')).error).toMatch(/^expired.*4\.2\.0 later/)
    expect(Date.now()).toBeGreaterThanOrEqual(expiresAt.getTime())
    expect(peer.recipients.length).toBeGreaterThan(1)
  })

  test.concurrent('uses the key that its first attempt stored, also after a key rotation', async (context) => {
    const { harness, peer, startWorker } = await setUp(context)
    const to = harness.address()
    const id = await harness.sendMail({ template: 'register-code', to, data: { name: 'Ada' } })
    await harness.db.updateTable('email_messages').set({ code_key_id: 'k1' }).where('id', '=', id).execute()
    const old = harness.environment(peer.url).MAIL_CODE_KEYS
    startWorker({
      env: { MAIL_CODE_KEYS: `k2:${Buffer.alloc(32, 7).toString('base64')},${old}` },
    })

    await harness.waitForStatus(id, 'sent')
    expect(peer.received[0]?.raw).toContain(expectedCode(harness.codeKey, id))
  })
})

describe('a mail with a token', () => {
  const sendReset = (harness: Harness, to = harness.address()) =>
    harness.sendMail({ template: 'password-reset', to, data: { name: 'Ada' } })

  test.concurrent('arrives once, with its token in both parts and neither in the headers nor in the row', async (context) => {
    const { harness, startWorker } = await setUp(context)
    startWorker({ smtpUrl: inboxSmtpUrl() })
    const to = harness.address()
    const id = await sendReset(harness, to)

    const mail = await waitForMail({ to })
    const row = await harness.waitForStatus(id, 'sent')
    const token = expectedToken(harness.codeKey, id)
    const link = `https://app.muster.example/reset-password?token=${token}`
    expect(mail.text).toContain(`${link}\n`)
    expect(mail.html).toContain(`href="${link}"`)
    const secret = token.slice(token.indexOf('.') + 1)
    for (const kept of [row, mail.subject, mail.headers]) expect(JSON.stringify(kept)).not.toContain(secret)
    expect(mail.headers['auto-submitted']).toBe('auto-generated')
    expect(row).toMatchObject({ attempts: 1, code_key_id: 'k1', code_version: 1 })
    expect(await mailsTo(to)).toHaveLength(1)
  })

  test.concurrent('is dropped without a connection after its hour', async (context) => {
    const { harness, peer, startWorker } = await setUp(context)
    const id = await sendReset(harness)
    const hourAgo = sql<Date>`expires_at - interval '1 hour' - interval '1 second'`
    await harness.db.updateTable('email_messages').set({ expires_at: hourAgo }).where('id', '=', id).execute()
    startWorker()

    await harness.waitForStatus(id, 'dropped')
    expect(peer.connectedAtMs).toEqual([])
    expect(await harness.countPendingJobs()).toBe(0)
  })

  test.concurrent('carries the same token in each attempt, also after a key rotation', async (context) => {
    const { harness, peer, startWorker } = await setUp(context)
    peer.replies = { rcptTo: () => (peer.recipients.length === 1 ? { code: 450, text: '4.2.0 later' } : 'ok') }
    const stop = startWorker()
    const id = await sendReset(harness)
    await eventually(async () => expect(await harness.mailRow(id)).toMatchObject({ attempts: 1, code_key_id: 'k1' }))
    await stop()
    const old = harness.environment(peer.url).MAIL_CODE_KEYS
    const rotated = { MAIL_CODE_KEYS: `k2:${Buffer.alloc(32, 7).toString('base64')},${old}` }
    startWorker({ env: rotated })

    await harness.waitForStatus(id, 'sent')
    expect(unfolded(peer.received[0]?.raw)).toContain(expectedToken(harness.codeKey, id))
  })

  test.concurrent('waits for a worker with its key', async (context) => {
    const { harness, peer, startWorker } = await setUp(context)
    const id = await sendReset(harness)
    await harness.db.updateTable('email_messages').set({ code_key_id: 'k0' }).where('id', '=', id).execute()
    startWorker()

    await eventually(async () =>
      expect(await harness.mailRow(id)).toMatchObject({ status: 'queued', error: expect.stringContaining('"k0"') }),
    )
    expect(peer.connectedAtMs).toEqual([])
  })

  test.concurrent('does not store its token when the server quotes the link', async (context) => {
    const { harness, peer, startWorker } = await setUp(context)
    let quoted = ''
    peer.replies = {
      data: () => ({
        code: 554,
        text: `5.7.1 ${'x'.repeat(400)} bad link https://x.example/?t=${quoted}`,
      }),
    }
    const id = await sendReset(harness)
    const token = expectedToken(harness.codeKey, id)
    quoted = token
    startWorker()

    const { error } = await eventually(async () => {
      const row = await harness.mailRow(id)
      expect(row.error).not.toBeNull()
      return row
    })
    expect(error).toContain('bad link')
    expect(error).not.toContain(token.slice(37, 47))
  })
})

test.concurrent('markup in a value is escaped in the HTML part', async (context) => {
  const { harness, startWorker } = await setUp(context)
  startWorker({ smtpUrl: inboxSmtpUrl() })
  const to = harness.address()
  await harness.sendMail({
    template: 'reminder',
    to,
    data: {
      taskId: newId(),
      taskTitle: 'Milk & <img src=x onerror=alert(1)>',
      dueDate: '2026-12-24T17:00:00Z',
      message: 'two\nlines',
      timezone: 'Europe/Berlin',
      scheduledAt: '2026-12-24T16:00:00Z',
    },
  })

  const mail = await waitForMail({ to })
  expect(mail.subject).toBe('Reminder: Milk & <img src=x onerror=alert(1)>')
  expect(mail.html).not.toContain('<img')
  expect(mail.html).toContain('Milk &amp; &lt;img')
  expect(mail.html).toContain('two<br/>lines')
  expect(mail.text).toContain('Due Thursday, 24 December 2026 at 18:00 CET')
  expect(mail.text).not.toContain('late')
})

describe('several workers', () => {
  test('send each mail once, even with two jobs for it', async (context) => {
    const { harness, peer, startWorker, sendWelcome } = await setUp(context)
    // Slow, so that the second job of each mail starts while the first one is sending.
    peer.replies = { data: () => sleep(1_000, 'ok' as const) }
    const ids = await Promise.all(Array.from({ length: 10 }, () => sendWelcome()))
    await harness.transact(async ({ enqueue }) => {
      for (const emailId of ids) enqueue(sendEmail, { emailId })
    })
    startWorker()
    startWorker()

    await Promise.all(ids.map((id) => harness.waitForStatus(id, 'sent')))
    await eventually(async () => expect(await harness.countPendingJobs()).toBe(0))
    expect(peer.received.map(({ messageId }) => messageId).sort()).toEqual(
      ids.map((id) => `<${id}@muster.example>`).sort(),
    )
  })

  test('send the other mails while one row is locked', async (context) => {
    const { harness, peer, startWorker, sendWelcome } = await setUp(context)
    const [lockedId = '', ...otherIds] = await Promise.all(Array.from({ length: 6 }, () => sendWelcome()))
    const unlock = Promise.withResolvers<void>()
    const isLocked = Promise.withResolvers<void>()
    const locking = harness.db.transaction().execute(async (trx) => {
      await trx.selectFrom('email_messages').select('id').where('id', '=', lockedId).forUpdate().execute()
      isLocked.resolve()
      await unlock.promise
    })
    await isLocked.promise
    startWorker()

    await Promise.all(otherIds.map((id) => harness.waitForStatus(id, 'sent')))
    expect(peer.received).toHaveLength(5)
    unlock.resolve()
    await locking
    await harness.waitForStatus(lockedId, 'sent')
  })

  test('send more mails than there are connections, each once', async (context) => {
    const { harness, peer, startWorker, sendWelcome } = await setUp(context)
    const ids = await Promise.all(Array.from({ length: 60 }, () => sendWelcome()))
    startWorker({ env: { SMTP_MAX_CONNECTIONS: '2' } })

    await Promise.all(ids.map((id) => harness.waitForStatus(id, 'sent')))
    await eventually(async () => expect(await harness.countPendingJobs()).toBe(0))
    expect(peer.connectedAtMs).toHaveLength(2)
    expect(new Set(peer.received.map(({ messageId }) => messageId)).size).toBe(60)
    expect(peer.received).toHaveLength(60)
  })

  test('together stay within SMTP_MAX_PER_SECOND', async (context) => {
    const { harness, peer, startWorker, sendWelcome } = await setUp(context)
    const env = { SMTP_MAX_PER_SECOND: '4' }
    startWorker({ env })
    startWorker({ env })
    await eventually(async () => expect(await harness.redis.client.hget('{muster-email}:email:meta', 'max')).toBe('4'))
    const enqueuedMs = performance.now()
    const ids = await Promise.all(Array.from({ length: 12 }, () => sendWelcome()))

    await Promise.all(ids.map((id) => harness.waitForStatus(id, 'sent')))
    // Four mails per second at most: a late mail is fine, an early one is not.
    const arrivedMs = peer.received.map(({ atMs }) => atMs - enqueuedMs).sort((a, b) => a - b)
    for (const [index, atMs] of arrivedMs.entries()) expect(atMs).toBeGreaterThan(Math.floor(index / 4) * 1_000 - 20)
  })
})

describe('a mail that cannot be composed', () => {
  test.concurrent('because of its data fails with the name of the field', async (context) => {
    const { harness, peer, startWorker, sendWelcome } = await setUp(context)
    const id = await sendWelcome()
    await harness.db.updateTable('email_messages').set({ data: '{}' }).where('id', '=', id).execute()
    startWorker()

    expect((await harness.waitForStatus(id, 'failed')).error).toContain('name')
    expect(peer.connectedAtMs).toEqual([])
  })

  test.concurrent('because its template is newer waits for a worker with the template', async (context) => {
    const { harness, startWorker, sendWelcome } = await setUp(context)
    const id = await sendWelcome()
    await harness.db.updateTable('email_messages').set({ template: 'from-tomorrow' }).where('id', '=', id).execute()
    startWorker()

    await eventually(async () =>
      expect(await harness.mailRow(id)).toMatchObject({
        status: 'queued',
        error: expect.stringContaining('from-tomorrow'),
      }),
    )
    await harness.db.updateTable('email_messages').set({ template: 'welcome' }).where('id', '=', id).execute()
    await harness.waitForStatus(id, 'sent')
  })
})

test.concurrent('a mail that waits for its next attempt is sent although Redis was flushed', async (context) => {
  const { harness, peer, startWorker, sendWelcome } = await setUp(context)
  peer.replies = { rcptTo: () => (peer.recipients.length === 1 ? { code: 450, text: '4.2.0 later' } : 'ok') }
  startWorker()
  const id = await sendWelcome()
  await eventually(async () => expect(await harness.mailRow(id)).toMatchObject({ status: 'queued', attempts: 1 }))
  await harness.redis.client.flushdb()

  await harness.waitForStatus(id, 'sent')
  expect(peer.received).toHaveLength(1)
})

test.concurrent('after an internal error a mail stays queued, and a retry of its failed job completes it', async (context) => {
  const { harness, peer, startWorker, sendWelcome } = await setUp(context)
  peer.replies = { rcptTo: () => ({ code: 550, text: '5.1.1 no such user' }) }
  await sql`alter table email_messages add constraint refuse_all check (status <> 'failed')`.execute(harness.db)
  startWorker()
  const id = await sendWelcome()
  const job = await eventually(
    async () => {
      const row = await harness.db.selectFrom('outbox').selectAll().executeTakeFirstOrThrow()
      expect(row).toMatchObject({ failed_at: expect.any(Date), error: expect.stringContaining('refuse_all') })
      return row
    },
    { timeoutMs: 45_000 },
  )
  expect(await harness.mailRow(id)).toMatchObject({ status: 'queued', error: expect.stringContaining(job.id) })

  await sql`alter table email_messages drop constraint refuse_all`.execute(harness.db)
  // The API does the same when an operator retries a failed job.
  await harness.db.deleteFrom('outbox').where('id', '=', job.id).execute()
  await harness.transact(async ({ enqueue }) => void enqueue(sendEmail, { emailId: id }))
  expect(await harness.waitForStatus(id, 'failed')).toMatchObject({ error: expect.stringContaining('5.1.1') })
}, 60_000)
