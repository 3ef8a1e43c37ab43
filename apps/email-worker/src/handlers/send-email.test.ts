import { createHmac } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import { newId } from '@muster/db'
import { sendEmail } from '@muster/jobs/definitions'
import { eventually, inboxSmtpUrl, mailsTo, waitForMail } from '@muster/testing'
import { sql } from 'kysely'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { createHarness, type Harness } from '../testing/harness.ts'
import { type SmtpPeer, startSmtpPeer } from '../testing/smtp-peer.ts'

/** Quoted-printable, put together again. */
const unfolded = (raw = '') => raw.replaceAll('=\r\n', '').replaceAll('=3D', '=')

let harness: Harness
let peer: SmtpPeer

beforeEach(async () => {
  harness = await createHarness()
  peer = await startSmtpPeer()
})

afterEach(async () => {
  await peer.close()
  await harness.close()
})

/** The derivation as the specification words it, written down a second time. */
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
  test('arrives once, with the code derived from its row in both parts and not in the subject', async () => {
    harness.startWorker({ smtpUrl: inboxSmtpUrl() })
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

  test('is dropped after its code expired, and the server never hears of it', async () => {
    const to = harness.address()
    const expiresAt = new Date(Date.now() - 1)
    const id = await harness.sendMail({ template: 'register-code', to, data: { name: 'Ada' }, expiresAt })
    harness.startWorker({ smtpUrl: peer.url })

    await harness.waitForStatus(id, 'dropped')
    expect(peer.connections).toBe(0)
    expect(await harness.countPendingJobs()).toBe(0)
  })

  test('that keeps failing is tried until the code expires, and then dropped', async () => {
    peer.replies = { rcptTo: () => ({ code: 450, text: '4.2.0 later' }) }
    harness.startWorker({ smtpUrl: peer.url })
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

  test('carries the code of the key that its first try noted, although the ring was rotated since', async () => {
    const to = harness.address()
    const id = await harness.sendMail({ template: 'register-code', to, data: { name: 'Ada' } })
    await harness.db.updateTable('email_messages').set({ code_key_id: 'k1' }).where('id', '=', id).execute()
    const old = harness.environment(peer.url).MAIL_CODE_KEYS
    harness.startWorker({
      smtpUrl: peer.url,
      env: { MAIL_CODE_KEYS: `k2:${Buffer.alloc(32, 7).toString('base64')},${old}` },
    })

    await harness.waitForStatus(id, 'sent')
    expect(peer.received[0]?.raw).toContain(expectedCode(harness.codeKey, id))
  })
})

describe('a mail with a token', () => {
  const reset = (to: string, expiresAt?: Date) =>
    harness.sendMail({ template: 'password-reset', to, data: { name: 'Ada' }, ...(expiresAt && { expiresAt }) })

  test('arrives once, with the link in both parts and nothing of it in the headers or the row', async () => {
    harness.startWorker({ smtpUrl: inboxSmtpUrl() })
    const to = harness.address()
    const id = await reset(to)

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

  test('is dropped after its hour, and the server never hears of it', async () => {
    const id = await reset(harness.address())
    const hourAgo = sql<Date>`expires_at - interval '1 hour' - interval '1 second'`
    await harness.db.updateTable('email_messages').set({ expires_at: hourAgo }).where('id', '=', id).execute()
    harness.startWorker({ smtpUrl: peer.url })

    await harness.waitForStatus(id, 'dropped')
    expect(peer.connections).toBe(0)
    expect(await harness.countPendingJobs()).toBe(0)
  })

  test('carries the same token at every try, although the ring is rotated between them', async () => {
    peer.replies = { rcptTo: () => (peer.recipients.length === 1 ? { code: 450, text: '4.2.0 later' } : 'ok') }
    const stop = harness.startWorker({ smtpUrl: peer.url })
    const id = await reset(harness.address())
    await eventually(async () => expect(await harness.mailRow(id)).toMatchObject({ attempts: 1, code_key_id: 'k1' }))
    await stop()
    const old = harness.environment(peer.url).MAIL_CODE_KEYS
    const rotated = { MAIL_CODE_KEYS: `k2:${Buffer.alloc(32, 7).toString('base64')},${old}` }
    harness.startWorker({ smtpUrl: peer.url, env: rotated })

    await harness.waitForStatus(id, 'sent')
    expect(unfolded(peer.received[0]?.raw)).toContain(expectedToken(harness.codeKey, id))
  })

  test('waits for a worker that has its key', async () => {
    const id = await reset(harness.address())
    await harness.db.updateTable('email_messages').set({ code_key_id: 'k0' }).where('id', '=', id).execute()
    harness.startWorker({ smtpUrl: peer.url })

    await eventually(async () =>
      expect(await harness.mailRow(id)).toMatchObject({ status: 'queued', error: expect.stringContaining('"k0"') }),
    )
    expect(peer.connections).toBe(0)
  })

  test('keeps its token out of the row although the server quotes the link it refuses', async () => {
    let quoted = ''
    peer.replies = {
      data: () => ({
        code: 554,
        text: `5.7.1 ${'x'.repeat(400)} bad link https://x.example/?t=${quoted}`,
      }),
    }
    const id = await reset(harness.address())
    const token = expectedToken(harness.codeKey, id)
    quoted = token
    harness.startWorker({ smtpUrl: peer.url })

    const { error } = await eventually(async () => {
      const row = await harness.mailRow(id)
      expect(row.error).not.toBeNull()
      return row
    })
    expect(error).toContain('bad link')
    expect(error).not.toContain(token.slice(37, 47))
  })
})

test('a value with markup stays text in the HTML part', async () => {
  harness.startWorker({ smtpUrl: inboxSmtpUrl() })
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
  test('send each mail once, even when two jobs ask for it', async () => {
    // Slow enough for every job to begin while the mails are under way.
    peer.replies = { data: () => sleep(1_000, 'ok' as const) }
    const ids = await Promise.all(
      Array.from({ length: 10 }, () =>
        harness.sendMail({ template: 'welcome', to: harness.address(), data: { name: 'Ada' } }),
      ),
    )
    await harness.transact(async ({ enqueue }) => {
      for (const emailId of ids) enqueue(sendEmail, { emailId })
    })
    harness.startWorker({ smtpUrl: peer.url })
    harness.startWorker({ smtpUrl: peer.url })

    await Promise.all(ids.map((id) => harness.waitForStatus(id, 'sent')))
    await eventually(async () => expect(await harness.countPendingJobs()).toBe(0))
    expect(peer.received.map(({ messageId }) => messageId).sort()).toEqual(
      ids.map((id) => `<${id}@muster.example>`).sort(),
    )
  })

  test('send everybody else’s mail while one row is locked', async () => {
    const [lockedId = '', ...otherIds] = await Promise.all(
      Array.from({ length: 6 }, () =>
        harness.sendMail({ template: 'welcome', to: harness.address(), data: { name: 'Ada' } }),
      ),
    )
    const unlock = Promise.withResolvers<void>()
    const isLocked = Promise.withResolvers<void>()
    const locking = harness.db.transaction().execute(async (trx) => {
      await trx.selectFrom('email_messages').select('id').where('id', '=', lockedId).forUpdate().execute()
      isLocked.resolve()
      await unlock.promise
    })
    await isLocked.promise
    harness.startWorker({ smtpUrl: peer.url })

    await Promise.all(otherIds.map((id) => harness.waitForStatus(id, 'sent')))
    expect(peer.received).toHaveLength(5)
    unlock.resolve()
    await locking
    await harness.waitForStatus(lockedId, 'sent')
  })

  test('send more mails at once than there are connections, each once', async () => {
    const ids = await Promise.all(
      Array.from({ length: 60 }, () =>
        harness.sendMail({ template: 'welcome', to: harness.address(), data: { name: 'Ada' } }),
      ),
    )
    harness.startWorker({ smtpUrl: peer.url, env: { SMTP_MAX_CONNECTIONS: '2' } })

    await Promise.all(ids.map((id) => harness.waitForStatus(id, 'sent')))
    await eventually(async () => expect(await harness.countPendingJobs()).toBe(0))
    expect(peer.connections).toBe(2)
    expect(new Set(peer.received.map(({ messageId }) => messageId)).size).toBe(60)
    expect(peer.received).toHaveLength(60)
  })

  test('together keep to SMTP_MAX_PER_SECOND', async () => {
    const env = { SMTP_MAX_PER_SECOND: '4' }
    harness.startWorker({ smtpUrl: peer.url, env })
    harness.startWorker({ smtpUrl: peer.url, env })
    await eventually(async () => expect(await harness.redis.client.hget('{muster-email}:email:meta', 'max')).toBe('4'))
    const orderedMs = performance.now()
    const ids = await Promise.all(
      Array.from({ length: 12 }, () =>
        harness.sendMail({ template: 'welcome', to: harness.address(), data: { name: 'Ada' } }),
      ),
    )

    await Promise.all(ids.map((id) => harness.waitForStatus(id, 'sent')))
    // Every second has room for four more; what arrives late proves nothing, what arrives early does.
    const arrivedMs = peer.received.map(({ atMs }) => atMs - orderedMs).sort((a, b) => a - b)
    for (const [index, atMs] of arrivedMs.entries()) expect(atMs).toBeGreaterThan(Math.floor(index / 4) * 1_000 - 20)
  })
})

describe('a row that can’t be made into a mail', () => {
  test('for its data fails with where it is wrong', async () => {
    const id = await harness.sendMail({ template: 'welcome', to: harness.address(), data: { name: 'Ada' } })
    await harness.db.updateTable('email_messages').set({ data: '{}' }).where('id', '=', id).execute()
    harness.startWorker({ smtpUrl: peer.url })

    expect((await harness.waitForStatus(id, 'failed')).error).toContain('name')
    expect(peer.connections).toBe(0)
  })

  test('for a template of a newer release waits for a worker that knows it', async () => {
    const id = await harness.sendMail({ template: 'welcome', to: harness.address(), data: { name: 'Ada' } })
    await harness.db.updateTable('email_messages').set({ template: 'from-tomorrow' }).where('id', '=', id).execute()
    harness.startWorker({ smtpUrl: peer.url })

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

test('a mail that waits for its next try is found again after Redis lost its memory', async () => {
  peer.replies = { rcptTo: () => (peer.recipients.length === 1 ? { code: 450, text: '4.2.0 later' } : 'ok') }
  harness.startWorker({ smtpUrl: peer.url })
  const id = await harness.sendMail({ template: 'welcome', to: harness.address(), data: { name: 'Ada' } })
  await eventually(async () => expect(await harness.mailRow(id)).toMatchObject({ status: 'queued', attempts: 1 }))
  await harness.redis.client.flushdb()

  await harness.waitForStatus(id, 'sent')
  expect(peer.received).toHaveLength(1)
})

test('a mail that fails by a fault of Muster stays queued with its failed job, whose retry ends it', async () => {
  peer.replies = { rcptTo: () => ({ code: 550, text: '5.1.1 no such user' }) }
  await sql`alter table email_messages add constraint refuse_all check (status <> 'failed')`.execute(harness.db)
  harness.startWorker({ smtpUrl: peer.url })
  const id = await harness.sendMail({ template: 'welcome', to: harness.address(), data: { name: 'Ada' } })
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
  // As the API does when an operator runs a failed job again.
  await harness.db.deleteFrom('outbox').where('id', '=', job.id).execute()
  await harness.transact(async ({ enqueue }) => void enqueue(sendEmail, { emailId: id }))
  expect(await harness.waitForStatus(id, 'failed')).toMatchObject({ error: expect.stringContaining('5.1.1') })
}, 60_000)
