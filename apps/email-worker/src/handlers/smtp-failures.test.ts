import { eventually } from '@muster/testing'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { createHarness, type Harness } from '../testing/harness.ts'
import { type SmtpPeer, startSmtpPeer } from '../testing/smtp-peer.ts'

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

const welcome = (to: string) => harness.sendMail({ template: 'welcome', to, data: { name: 'Ada' } })
const suppressions = () => harness.db.selectFrom('email_suppressions').selectAll().execute()

describe('a permanent refusal', () => {
  test('of the address is not retried and suppresses it, and stops nobody else', async () => {
    const [bad, good] = [harness.address('bad'), harness.address('good')]
    peer.replies = { rcptTo: (to) => (to === bad ? { code: 550, text: '5.1.1 no such user' } : 'ok') }
    harness.startWorker({ smtpUrl: peer.url })
    const [badId, goodId] = [await welcome(bad), await welcome(good)]

    expect(await harness.waitForStatus(badId, 'failed')).toMatchObject({
      attempts: 1,
      error: expect.stringContaining('5.1.1'),
    })
    await harness.waitForStatus(goodId, 'sent')
    expect(await suppressions()).toMatchObject([
      { address: bad, smtp_answer: expect.stringContaining('5.1.1 no such user'), email_id: badId },
    ])

    const again = await harness.waitForStatus(await welcome(bad.toUpperCase()), 'failed')
    expect(again.error).toContain('suppressed')
    expect(peer.recipients.filter((to) => to === bad)).toHaveLength(1)
    expect(await harness.countPendingJobs()).toBe(0)
  })

  test('of the message fails it and leaves the address alone', async () => {
    peer.replies = { data: () => ({ code: 552, text: '5.3.4 message too big' }) }
    harness.startWorker({ smtpUrl: peer.url })
    const id = await welcome(harness.address())

    await harness.waitForStatus(id, 'failed')
    expect(await suppressions()).toEqual([])
    expect(peer.recipients).toHaveLength(1)
  })

  test.each([
    ['relaying', { code: 550, text: 'relay not permitted' }],
    ['relaying, with the code of a mailbox', { code: 550, text: '5.1.1 relaying denied' }],
    ['our sender', { code: 553, text: '5.7.1 Sender address rejected: not owned by user muster' }],
  ])('of %s loses nothing: the mail waits and goes out once the relay is right', async (_what, refusal) => {
    let isRight = false
    peer.replies = { rcptTo: () => (isRight ? 'ok' : refusal) }
    harness.startWorker({ smtpUrl: peer.url })
    const id = await welcome(harness.address())

    await eventually(async () =>
      expect(await harness.mailRow(id)).toMatchObject({
        status: 'queued',
        attempts: 2,
        error: expect.stringContaining(refusal.text),
      }),
    )
    expect(await suppressions()).toEqual([])
    isRight = true
    await harness.waitForStatus(id, 'sent')
  })

  test('that names no culprit ends the mail once others have passed, and not before', async () => {
    const refused = harness.address('refused')
    peer.replies = { data: (to) => (to === refused ? { code: 554, text: '5.7.1 looks like spam' } : 'ok') }
    harness.startWorker({ smtpUrl: peer.url })
    const id = await welcome(refused)
    await eventually(async () => expect(await harness.mailRow(id)).toMatchObject({ status: 'queued', attempts: 2 }))

    await harness.waitForStatus(await welcome(harness.address()), 'sent')
    const { error } = await harness.waitForStatus(id, 'failed')
    expect(error).toMatch(/^554 5\.7\.1 looks like spam/)
    expect(await suppressions()).toEqual([])
    expect(await harness.countPendingJobs()).toBe(0)
  })

  test('of our credentials is the operator’s trouble: the mail waits and goes out once they are right', async () => {
    let isRight = false
    peer.replies = { authenticate: () => (isRight ? 'ok' : { code: 535, text: '5.7.8 bad credentials' }) }
    harness.startWorker({ smtpUrl: peer.url.replace('smtp://', 'smtp://muster:secret@') })
    const id = await welcome(harness.address())

    await eventually(async () =>
      expect(await harness.mailRow(id)).toMatchObject({ status: 'queued', error: expect.stringContaining('535') }),
    )
    expect(await suppressions()).toEqual([])
    isRight = true
    await harness.waitForStatus(id, 'sent')
  })
})

describe('a temporary failure', () => {
  test('is noted with the time of the next try, and the mail goes out then', async () => {
    let refusals = 2
    peer.replies = { rcptTo: () => (refusals-- > 0 ? { code: 450, text: '4.2.0 greylisted' } : 'ok') }
    harness.startWorker({ smtpUrl: peer.url })
    const id = await welcome(harness.address())

    const waiting = await eventually(async () => {
      const row = await harness.mailRow(id)
      expect(row).toMatchObject({ status: 'queued', attempts: 1, error: expect.stringContaining('greylisted') })
      return row
    })
    expect(waiting.next_attempt_at?.getTime()).toBeGreaterThan(Date.now())
    expect(await harness.countPendingJobs()).toBe(1)
    expect(await harness.waitForStatus(id, 'sent')).toMatchObject({ attempts: 3, error: null, next_attempt_at: null })
    expect(peer.received[0]?.atMs).toBeGreaterThan(0)
  })

  test('is given up after 24 hours', async () => {
    peer.replies = { rcptTo: () => ({ code: 450, text: '4.2.0 later' }) }
    const id = await welcome(harness.address())
    const dayAgo = new Date(Date.now() - 24 * 3_600_000)
    await harness.db.updateTable('email_messages').set({ created_at: dayAgo }).where('id', '=', id).execute()
    harness.startWorker({ smtpUrl: peer.url })

    expect((await harness.waitForStatus(id, 'failed')).error).toContain('no more attempts')
  })

  test('by silence ends, and the mail goes out over another connection', async () => {
    let isFirst = true
    peer.replies = {
      rcptTo: () => {
        const reply = isFirst ? 'hang' : 'ok'
        isFirst = false
        return reply
      },
    }
    harness.startWorker({ smtpUrl: peer.url, silenceTimeoutMs: 300 })
    const id = await welcome(harness.address())

    expect(await harness.waitForStatus(id, 'sent')).toMatchObject({ attempts: 2 })
  })

  test('of the connection right after the message was taken sends it again with the same Message-ID', async () => {
    let isFirst = true
    peer.replies = {
      data: () => {
        const reply = isFirst ? 'drop' : 'ok'
        isFirst = false
        return reply
      },
    }
    harness.startWorker({ smtpUrl: peer.url })
    const id = await welcome(harness.address())

    await harness.waitForStatus(id, 'sent')
    expect(peer.received.map(({ messageId }) => messageId)).toEqual([
      `<${id}@muster.example>`,
      `<${id}@muster.example>`,
    ])
  })
})

test('five failures in a row pause sending for everybody, and one probe ends the pause', async () => {
  let isDown = true
  peer.replies = { greet: () => (isDown ? { code: 421, text: '4.3.2 overloaded' } : 'ok') }
  const pauseMs = 1_500
  harness.startWorker({ smtpUrl: peer.url, circuitBreaker: { pauseMs }, env: { WORKER_CONCURRENCY: '1' } })
  const ids = await Promise.all(Array.from({ length: 12 }, () => welcome(harness.address())))

  await eventually(() => expect(peer.connections).toBe(5))
  const openedMs = performance.now()
  // The pause is long enough for seven further mails and several retries to go wrong if nothing held them.
  await eventually(() => expect(peer.connections).toBe(6))
  expect(performance.now() - openedMs).toBeGreaterThan(pauseMs * 0.8)
  isDown = false
  await Promise.all(ids.map((id) => harness.waitForStatus(id, 'sent', 15_000)))
  expect(peer.received).toHaveLength(ids.length)
})

test.each([
  ['at RCPT', { rcptTo: '550 relay not permitted' }],
  ['at RCPT by a policy', { rcptTo: '554 5.7.1 Client host blocked using zen.example' }],
  ['at DATA', { data: '554 Message rejected: Email address is not verified.' }],
])('a wave of refusals %s pauses the queue, loses no mail and suppresses nobody', async (_where, refusals) => {
  let isRight = false
  const answerWith = (line?: string) => () =>
    isRight || !line ? ('ok' as const) : { code: Number(line.slice(0, 3)), text: line.slice(4) }
  const { rcptTo, data } = refusals as { rcptTo?: string; data?: string }
  peer.replies = { rcptTo: answerWith(rcptTo), data: answerWith(data) }
  harness.startWorker({ smtpUrl: peer.url, circuitBreaker: { pauseMs: 1_500 }, env: { WORKER_CONCURRENCY: '1' } })
  const ids = await Promise.all(Array.from({ length: 12 }, () => welcome(harness.address())))

  await eventually(() => expect(peer.recipients).toHaveLength(5))
  // One probe after the pause, and none of the other mails.
  await eventually(() => expect(peer.recipients).toHaveLength(6))
  isRight = true
  await Promise.all(ids.map((id) => harness.waitForStatus(id, 'sent', 20_000)))
  expect(await suppressions()).toEqual([])
})

test('people who do not exist pause nobody else’s mail', async () => {
  peer.replies = { rcptTo: (to) => (to.startsWith('bad') ? { code: 550, text: '5.1.1 no such user' } : 'ok') }
  harness.startWorker({ smtpUrl: peer.url, env: { WORKER_CONCURRENCY: '1' } })
  await Promise.all(Array.from({ length: 8 }, () => welcome(harness.address('bad'))))
  await harness.waitForStatus(await welcome(harness.address()), 'sent', 5_000)
  await eventually(async () => expect(await suppressions()).toHaveLength(8))
})

test('one receiver whose mail keeps bouncing softly does not pause the others', async () => {
  const busy = harness.address('busy')
  peer.replies = { rcptTo: (to) => (to === busy ? { code: 452, text: '4.2.2 mailbox full' } : 'ok') }
  harness.startWorker({ smtpUrl: peer.url })
  await Promise.all(Array.from({ length: 8 }, () => welcome(busy)))
  await eventually(() => expect(peer.recipients.length).toBeGreaterThanOrEqual(8))

  await harness.waitForStatus(await welcome(harness.address()), 'sent', 3_000)
})
