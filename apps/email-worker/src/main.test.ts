import { setTimeout as sleep } from 'node:timers/promises'
import { newId } from '@muster/db'
import { mailCode } from '@muster/mail'
import { eventually, startTestProcess } from '@muster/testing'
import { expect, type TestContext, test } from 'vitest'
import { setUp } from './testing/set-up.ts'

const mainFile = new URL('./main.ts', import.meta.url)
const timeout = 120_000

async function setUpProcesses(context: TestContext) {
  const { harness, peer, sendWelcome } = await setUp(context)
  return {
    harness,
    peer,
    sendWelcome,
    startProcess: (env: Record<string, string> = {}) =>
      startTestProcess(mainFile, { ...harness.environment(peer.url), LOG_LEVEL: 'info', ...env }, context),
    /** Waits until the server has got the recipient of a mail. */
    untilRecipient: () => eventually(() => expect(peer.recipients).toHaveLength(1), { timeoutMs: 60_000 }),
  }
}

/** Replies with `first` once and then with `ok`. */
function onceThenOk<Reply>(first: Reply): () => Reply | 'ok' {
  let isFirst = true
  return () => {
    const reply = isFirst ? first : 'ok'
    isFirst = false
    return reply
  }
}

test.concurrent('a mail whose worker is killed while sending is sent once, by another worker', {
  timeout,
}, async (context) => {
  const { harness, peer, startProcess, sendWelcome, untilRecipient } = await setUpProcesses(context)
  peer.replies = { rcptTo: onceThenOk('hang' as const) }
  const first = startProcess()
  const id = await sendWelcome()
  await untilRecipient()
  await first.stop('SIGKILL')

  startProcess()
  await harness.waitForStatus(id, 'sent')
  expect(peer.received).toHaveLength(1)
  expect(await harness.countPendingJobs()).toBe(0)
})

test.concurrent('a worker that was frozen while sending does not send a mail that another worker took over', {
  timeout,
}, async (context) => {
  const { harness, peer, startProcess, sendWelcome, untilRecipient } = await setUpProcesses(context)
  const held = Promise.withResolvers<'ok'>()
  peer.replies = { rcptTo: onceThenOk(held.promise) }
  const frozen = startProcess()
  const id = await sendWelcome()
  await untilRecipient()
  frozen.child.kill('SIGSTOP')
  held.resolve('ok')
  startProcess()
  await harness.waitForStatus(id, 'sent')

  // The lock blocks the renewal of the lease, so the worker must notice by its own clock that the lease has expired.
  const unlocked = Promise.withResolvers<void>()
  const locked = Promise.withResolvers<void>()
  const locking = harness.db.transaction().execute(async (trx) => {
    await trx.selectFrom('email_messages').select('id').where('id', '=', id).forUpdate().execute()
    locked.resolve()
    await unlocked.promise
  })
  await locked.promise
  frozen.child.kill('SIGCONT')
  await eventually(() => expect(peer.closedConnections + peer.received.length).toBe(2), { timeoutMs: 60_000 })
  unlocked.resolve()
  await locking

  await harness.waitForStatus(await sendWelcome(), 'sent')
  expect(await frozen.stop('SIGTERM')).toBe(0)
  expect(peer.received.filter(({ messageId }) => messageId.includes(id))).toHaveLength(1)
  expect(await harness.mailRow(id)).toMatchObject({ status: 'sent' })
  expect(await harness.countPendingJobs()).toBe(0)
})

test.concurrent('SIGTERM ends the process while the queue is paused, without waiting for the pause', {
  timeout,
}, async (context) => {
  const { harness, peer, startProcess, sendWelcome } = await setUpProcesses(context)
  peer.replies = { greet: () => ({ code: 421, text: '4.3.2 overloaded' }) }
  const worker = startProcess()
  await Promise.all(Array.from({ length: 6 }, () => sendWelcome()))
  await eventually(() => expect(worker.output()).toContain('email queue paused'), { timeoutMs: 60_000 })
  const fromMs = performance.now()

  expect(await worker.stop('SIGTERM')).toBe(0)
  // The pause and the drain both take longer.
  expect(performance.now() - fromMs).toBeLessThan(20_000)
  expect(await harness.countPendingJobs()).toBe(6)
})

test.concurrent('SIGTERM lets a mail that is being sent complete, and the process exits with 0', {
  timeout,
}, async (context) => {
  const { harness, peer, startProcess, sendWelcome, untilRecipient } = await setUpProcesses(context)
  peer.replies = { data: () => sleep(1_000, 'ok' as const) }
  const worker = startProcess()
  const id = await sendWelcome()
  await untilRecipient()

  expect(await worker.stop('SIGTERM')).toBe(0)
  expect(await harness.mailRow(id)).toMatchObject({ status: 'sent', attempts: 1 })
  expect(peer.received).toHaveLength(1)
})

test.concurrent('SIGTERM releases a mail when the server does not reply, and the next worker sends it', {
  timeout,
}, async (context) => {
  const { harness, peer, startProcess, sendWelcome, untilRecipient } = await setUpProcesses(context)
  peer.replies = { rcptTo: onceThenOk('hang' as const) }
  const worker = startProcess()
  const id = await sendWelcome()
  await untilRecipient()

  expect(await worker.stop('SIGTERM')).toBe(0)
  expect(await harness.mailRow(id)).toMatchObject({ status: 'queued', lease_token: null, lease_until: null })
  startProcess()
  await harness.waitForStatus(id, 'sent')
  expect(peer.received).toHaveLength(1)
})

test.concurrent('the log contains outcomes, and no recipient, code or content of a mail', {
  timeout,
}, async (context) => {
  const { harness, peer, startProcess } = await setUpProcesses(context)
  const to = harness.address('zebedee')
  peer.replies = { rcptTo: onceThenOk({ code: 450, text: `4.2.0 <${to}> greylisted` }) }
  const worker = startProcess({ LOG_LEVEL: 'trace' })
  const codeId = await harness.sendMail({ template: 'register-code', to, data: { name: 'Zebedee' } })
  await harness.waitForStatus(codeId, 'sent')
  const unknown = harness.address('zebedee')
  peer.replies = { rcptTo: () => ({ code: 550, text: `5.1.1 <${unknown}> unknown` }) }
  const unknownId = await harness.sendMail({ template: 'welcome', to: unknown, data: { name: 'Zebedee' } })
  await harness.waitForStatus(unknownId, 'failed')
  await eventually(() => expect(worker.output()).toContain('550 5.1.1 at RCPT TO'))

  const code = mailCode(
    { currentId: 'k1', keys: new Map([['k1', harness.codeKey]]) },
    { template: 'register-code', emailId: codeId },
  )
  expect(peer.received[0]?.raw).toContain(code)
  const output = worker.output()
  expect(output).toContain(codeId)
  expect(output).toContain('450 4.2.0 at RCPT TO')
  expect(output).not.toMatch(/zebedee/i)
  expect(output).not.toMatch(new RegExp(`\\b${code}\\b`))
  expect(output).not.toContain('Hello')
})

test.concurrent('a malformed payload fails with its reason and delays no other mail', { timeout }, async (context) => {
  const { harness, startProcess, sendWelcome } = await setUpProcesses(context)
  const jobId = newId()
  await harness.db
    .insertInto('outbox')
    .values({ id: jobId, queue: 'email', name: 'send-email', payload: JSON.stringify({ emailId: 'nonsense' }) })
    .execute()
  startProcess()
  await harness.waitForStatus(await sendWelcome(), 'sent')

  const failed = await eventually(async () => {
    const row = await harness.db.selectFrom('outbox').selectAll().where('id', '=', jobId).executeTakeFirstOrThrow()
    expect(row.failed_at).not.toBeNull()
    return row
  })
  expect(failed.error).toContain('emailId')
})

test.concurrent('a start names all invalid variables of the environment at once', { timeout }, async (context) => {
  const { startProcess } = await setUpProcesses(context)
  const worker = startProcess({ MAIL_FROM: 'nobody', SMTP_URL: '', MAIL_CODE_KEYS: 'k1:c2hvcnQ=' })

  expect(await worker.ended).toEqual({ code: 1, signal: null })
  for (const name of ['MAIL_FROM', 'SMTP_URL', 'MAIL_CODE_KEYS']) expect(worker.output()).toContain(name)
})
