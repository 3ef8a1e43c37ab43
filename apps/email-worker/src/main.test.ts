import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { resolve } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { newId } from '@muster/db'
import { mailCode } from '@muster/mail'
import { eventually } from '@muster/testing'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { createHarness, type Harness } from './testing/harness.ts'
import { type SmtpPeer, startSmtpPeer } from './testing/smtp-peer.ts'

const main = resolve(import.meta.dirname, 'main.ts')

let harness: Harness
let peer: SmtpPeer
let children: ChildProcess[]

beforeEach(async () => {
  harness = await createHarness()
  peer = await startSmtpPeer()
  children = []
})

afterEach(async () => {
  for (const child of children) child.kill('SIGKILL')
  await peer.close()
  await harness.close()
})

/** The email worker as it is run for real; `output` grows with what it writes. */
function startProcess(env: Record<string, string> = {}) {
  const child = spawn(process.execPath, [main], {
    env: { PATH: process.env.PATH, ...harness.environment(peer.url), LOG_LEVEL: 'info', ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  children.push(child)
  const started = { child, output: '', exited: once(child, 'exit') }
  for (const stream of [child.stdout, child.stderr]) {
    stream.on('data', (chunk: Buffer) => {
      started.output += chunk
    })
  }
  return started
}

const welcome = () => harness.sendMail({ template: 'welcome', to: harness.address(), data: { name: 'Ada' } })

test('a mail whose worker is killed in the middle of sending goes out once, from another worker', {
  timeout: 60_000,
}, async () => {
  let isFirst = true
  peer.manners = {
    rcptTo: () => {
      const reply = isFirst ? 'hang' : 'ok'
      isFirst = false
      return reply
    },
  }
  const first = startProcess()
  const id = await welcome()
  await eventually(() => expect(peer.asked).toHaveLength(1), { timeoutMs: 15_000 })
  first.child.kill('SIGKILL')
  await first.exited

  startProcess()
  await harness.mailIs(id, 'sent', 40_000)
  expect(peer.received).toHaveLength(1)
  expect(await harness.owed()).toBe(0)
})

test('a worker that was frozen in the middle of sending leaves the mail to the one that took it over', {
  timeout: 60_000,
}, async () => {
  const held = Promise.withResolvers<'ok'>()
  let isFirst = true
  peer.manners = {
    rcptTo: () => {
      const reply = isFirst ? held.promise : 'ok'
      isFirst = false
      return reply
    },
  }
  const frozen = startProcess()
  const id = await welcome()
  await eventually(() => expect(peer.asked).toHaveLength(1), { timeoutMs: 15_000 })
  frozen.child.kill('SIGSTOP')
  held.resolve('ok')
  startProcess()
  await harness.mailIs(id, 'sent', 40_000)

  // Its question whether it still has the lease gets no answer, so that it must know by itself.
  const unlocked = Promise.withResolvers<void>()
  const locked = Promise.withResolvers<void>()
  const locking = harness.db.transaction().execute(async (trx) => {
    await trx.selectFrom('email_messages').select('id').where('id', '=', id).forUpdate().execute()
    locked.resolve()
    await unlocked.promise
  })
  await locked.promise
  frozen.child.kill('SIGCONT')
  await eventually(() => expect(peer.closedConnections + peer.received.length).toBe(2))
  unlocked.resolve()
  await locking

  await harness.mailIs(await welcome(), 'sent')
  frozen.child.kill('SIGTERM')
  expect(await frozen.exited).toEqual([0, null])
  expect(peer.received.filter(({ messageId }) => messageId.includes(id))).toHaveLength(1)
  expect(await harness.mailRow(id)).toMatchObject({ status: 'sent' })
  expect(await harness.owed()).toBe(0)
})

test('SIGTERM ends the process soon although sending pauses', async () => {
  peer.manners = { greet: () => ({ code: 421, text: '4.3.2 overloaded' }) }
  const worker = startProcess()
  await Promise.all(Array.from({ length: 6 }, welcome))
  await eventually(() => expect(worker.output).toContain('email queue paused'), { timeoutMs: 15_000 })
  const fromMs = performance.now()
  worker.child.kill('SIGTERM')

  expect(await worker.exited).toEqual([0, null])
  expect(performance.now() - fromMs).toBeLessThan(5_000)
  expect(await harness.owed()).toBe(6)
})

test('SIGTERM lets the mail that is being sent go out, and the process ends in order', async () => {
  peer.manners = { data: () => sleep(1_000, 'ok' as const) }
  const worker = startProcess()
  const id = await welcome()
  await eventually(() => expect(peer.asked).toHaveLength(1), { timeoutMs: 15_000 })
  worker.child.kill('SIGTERM')

  expect(await worker.exited).toEqual([0, null])
  expect(await harness.mailRow(id)).toMatchObject({ status: 'sent', attempts: 1 })
  expect(peer.received).toHaveLength(1)
})

test('SIGTERM hands a mail back that a silent server keeps, and the next worker begins with it at once', {
  timeout: 60_000,
}, async () => {
  let isFirst = true
  peer.manners = {
    rcptTo: () => {
      const reply = isFirst ? 'hang' : 'ok'
      isFirst = false
      return reply
    },
  }
  const worker = startProcess()
  const id = await welcome()
  await eventually(() => expect(peer.asked).toHaveLength(1), { timeoutMs: 15_000 })
  worker.child.kill('SIGTERM')

  expect(await worker.exited).toEqual([0, null])
  expect(await harness.mailRow(id)).toMatchObject({ status: 'queued', lease_token: null, lease_until: null })
  startProcess()
  await harness.mailIs(id, 'sent')
  expect(peer.received).toHaveLength(1)
})

test('the log tells what happened and never who got what, a code or the words of a mail', async () => {
  const to = harness.address('zebedee')
  peer.manners = {
    rcptTo: (address) =>
      address === to && peer.asked.length === 1 ? { code: 450, text: `4.2.0 <${to}> greylisted` } : 'ok',
  }
  const worker = startProcess({ LOG_LEVEL: 'trace' })
  const codeId = await harness.sendMail({ template: 'register-code', to, data: { name: 'Zebedee' } })
  await harness.mailIs(codeId, 'sent')
  const refused = harness.address('zebedee')
  peer.manners = { rcptTo: () => ({ code: 550, text: `5.1.1 <${refused}> unknown` }) }
  const refusedId = await harness.sendMail({ template: 'welcome', to: refused, data: { name: 'Zebedee' } })
  await harness.mailIs(refusedId, 'failed')

  const code = mailCode(
    { currentId: 'k1', keys: new Map([['k1', harness.codeKey]]) },
    { template: 'register-code', emailId: codeId },
  )
  expect(peer.received[0]?.raw).toContain(code)
  expect(worker.output).toContain(codeId)
  expect(worker.output).toContain('450 4.2.0 at RCPT TO')
  expect(worker.output).toContain('550 5.1.1 at RCPT TO')
  expect(worker.output).not.toMatch(/zebedee/i)
  expect(worker.output).not.toMatch(new RegExp(`\\b${code}\\b`))
  expect(worker.output).not.toContain('Hello')
})

test('a malformed payload is failed with its reason and delays nobody', async () => {
  const bad = newId()
  await harness.db
    .insertInto('outbox')
    .values({ id: bad, queue: 'email', name: 'send-email', payload: JSON.stringify({ emailId: 'nonsense' }) })
    .execute()
  startProcess()
  await harness.mailIs(await welcome(), 'sent')

  const poisoned = await eventually(async () => {
    const row = await harness.db.selectFrom('outbox').selectAll().where('id', '=', bad).executeTakeFirstOrThrow()
    expect(row.failed_at).not.toBeNull()
    return row
  })
  expect(poisoned.error).toContain('emailId')
})

test('the start names everything that is wrong with the environment at once', async () => {
  const worker = startProcess({ MAIL_FROM: 'nobody', SMTP_URL: '', MAIL_CODE_KEYS: 'k1:c2hvcnQ=' })

  expect(await worker.exited).toEqual([1, null])
  for (const name of ['MAIL_FROM', 'SMTP_URL', 'MAIL_CODE_KEYS']) expect(worker.output).toContain(name)
})
