import { eventually } from '@muster/testing'
import { describe, expect, test } from 'vitest'
import { setUp } from '../testing/set-up.ts'

describe('a permanent refusal', () => {
  test.concurrent('of the mailbox suppresses the address without a retry, and stops no other mail', async (context) => {
    const { harness, peer, startWorker, sendWelcome, suppressions } = await setUp(context)
    const [bad, good] = [harness.address('bad'), harness.address('good')]
    peer.replies = { rcptTo: (to) => (to === bad ? { code: 550, text: '5.1.1 no such user' } : 'ok') }
    startWorker()
    const [badId, goodId] = [await sendWelcome(bad), await sendWelcome(good)]

    expect(await harness.waitForStatus(badId, 'failed')).toMatchObject({
      attempts: 1,
      error: expect.stringContaining('5.1.1'),
    })
    await harness.waitForStatus(goodId, 'sent')
    expect(await suppressions()).toMatchObject([
      { address: bad, smtp_answer: expect.stringContaining('5.1.1 no such user'), email_id: badId },
    ])
    expect(await harness.attemptsOf(badId)).toMatchObject([
      { attempt: 1, outcome: 'failed', verdict: 'mailbox', smtp_answer: expect.stringContaining('5.1.1 no such user') },
    ])
    expect(await harness.attemptsOf(goodId)).toMatchObject([
      { outcome: 'sent', smtp_answer: expect.stringMatching(/^250 /), reason: null },
    ])

    const again = await harness.waitForStatus(await sendWelcome(bad.toUpperCase()), 'failed')
    expect(again.error).toContain('suppressed')
    expect(await harness.attemptsOf(again.id)).toMatchObject([
      { outcome: 'failed', verdict: null, smtp_answer: null, reason: again.error },
    ])
    expect(peer.recipients.filter((to) => to === bad)).toHaveLength(1)
    expect(await harness.countPendingJobs()).toBe(0)
  })

  test.concurrent('of the message fails the mail and does not suppress the address', async (context) => {
    const { harness, peer, startWorker, sendWelcome, suppressions } = await setUp(context)
    peer.replies = { data: () => ({ code: 552, text: '5.3.4 message too big' }) }
    startWorker()
    const id = await sendWelcome()

    await harness.waitForStatus(id, 'failed')
    expect(await suppressions()).toEqual([])
    expect(peer.recipients).toHaveLength(1)
  })

  test.concurrent('of relaying or of the sender is retried until the relay accepts the mail', async (context) => {
    const { harness, peer, startWorker, sendWelcome, suppressions } = await setUp(context)
    const refusals = [
      { code: 550, text: 'relay not permitted' },
      // With the code of an unknown mailbox.
      { code: 550, text: '5.1.1 relaying denied' },
      { code: 553, text: '5.7.1 Sender address rejected: not owned by user muster' },
    ]
    const mails = await Promise.all(
      refusals.map(async (refusal) => {
        const to = harness.address()
        return { to, refusal, id: await sendWelcome(to) }
      }),
    )
    let isAccepting = false
    peer.replies = {
      rcptTo: (recipient) => (isAccepting ? 'ok' : (mails.find(({ to }) => to === recipient)?.refusal ?? 'ok')),
    }
    startWorker()

    for (const { id, refusal } of mails)
      await eventually(async () =>
        expect(await harness.mailRow(id)).toMatchObject({
          status: 'queued',
          attempts: expect.toSatisfy((attempts: number) => attempts >= 2),
          error: expect.stringContaining(refusal.text),
        }),
      )
    expect(await suppressions()).toEqual([])
    isAccepting = true
    for (const { id, refusal } of mails) {
      const { attempts } = await harness.waitForStatus(id, 'sent')
      const recorded = await harness.attemptsOf(id)
      expect(recorded.map(({ attempt }) => attempt)).toEqual(Array.from({ length: attempts }, (_, index) => index + 1))
      expect(recorded.at(-1)).toMatchObject({ outcome: 'sent', next_attempt_at: null })
      for (const one of recorded.slice(0, -1))
        expect(one).toMatchObject({
          outcome: 'retried',
          verdict: 'relay',
          smtp_answer: expect.stringContaining(refusal.text),
          next_attempt_at: expect.any(Date),
        })
    }
  })

  test.concurrent('without a cause fails the mail once the server accepts other mail, not earlier', async (context) => {
    const { harness, peer, startWorker, sendWelcome, suppressions } = await setUp(context)
    const refused = harness.address('refused')
    peer.replies = { data: (to) => (to === refused ? { code: 554, text: '5.7.1 looks like spam' } : 'ok') }
    startWorker()
    const id = await sendWelcome(refused)
    await eventually(async () => expect(await harness.mailRow(id)).toMatchObject({ status: 'queued', attempts: 2 }))

    await harness.waitForStatus(await sendWelcome(), 'sent')
    const { error } = await harness.waitForStatus(id, 'failed')
    expect(error).toMatch(/^554 5\.7\.1 looks like spam/)
    expect(await suppressions()).toEqual([])
    expect(await harness.countPendingJobs()).toBe(0)
  })

  test.concurrent('of the credentials is retried until they are correct', async (context) => {
    const { harness, peer, startWorker, sendWelcome, suppressions } = await setUp(context)
    let isAccepting = false
    peer.replies = { authenticate: () => (isAccepting ? 'ok' : { code: 535, text: '5.7.8 bad credentials' }) }
    startWorker({ smtpUrl: peer.url.replace('smtp://', 'smtp://muster:secret@') })
    const id = await sendWelcome()

    await eventually(async () =>
      expect(await harness.mailRow(id)).toMatchObject({ status: 'queued', error: expect.stringContaining('535') }),
    )
    expect(await suppressions()).toEqual([])
    isAccepting = true
    await harness.waitForStatus(id, 'sent')
  })
})

describe('a temporary failure', () => {
  test.concurrent('is stored with the time of the next attempt, which sends the mail', async (context) => {
    const { harness, peer, startWorker, sendWelcome } = await setUp(context)
    let refusals = 2
    peer.replies = { rcptTo: () => (refusals-- > 0 ? { code: 450, text: '4.2.0 greylisted' } : 'ok') }
    startWorker()
    const id = await sendWelcome()

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

  test.concurrent('fails the mail after 24 hours', async (context) => {
    const { harness, peer, startWorker, sendWelcome } = await setUp(context)
    peer.replies = { rcptTo: () => ({ code: 450, text: '4.2.0 later' }) }
    const id = await sendWelcome()
    const dayAgo = new Date(Date.now() - 24 * 3_600_000)
    await harness.db.updateTable('email_messages').set({ created_at: dayAgo }).where('id', '=', id).execute()
    startWorker()

    expect((await harness.waitForStatus(id, 'failed')).error).toContain('no more attempts')
  })

  test.concurrent('by silence is followed by an attempt over another connection', async (context) => {
    const { harness, peer, startWorker, sendWelcome } = await setUp(context)
    let isFirst = true
    peer.replies = {
      rcptTo: () => {
        const reply = isFirst ? 'hang' : 'ok'
        isFirst = false
        return reply
      },
    }
    startWorker({ silenceTimeoutMs: 300 })
    const id = await sendWelcome()

    expect(await harness.waitForStatus(id, 'sent')).toMatchObject({ attempts: 2 })
  })

  test.concurrent('right after the server accepted the message sends it again with the same Message-ID', async (context) => {
    const { harness, peer, startWorker, sendWelcome } = await setUp(context)
    let isFirst = true
    peer.replies = {
      data: () => {
        const reply = isFirst ? 'drop' : 'ok'
        isFirst = false
        return reply
      },
    }
    startWorker()
    const id = await sendWelcome()

    await harness.waitForStatus(id, 'sent')
    expect(peer.received.map(({ messageId }) => messageId)).toEqual([
      `<${id}@muster.example>`,
      `<${id}@muster.example>`,
    ])
  })
})

const pauseMs = 1_500
/** A mail that is sent within this time was not delayed by the default pause of 30 s. */
const shorterThanPauseMs = 20_000

/** Expects a pause between the fifth time and the sixth, which is that of the probe. */
function expectPauseAfterFive(timesMs: readonly number[], pauseMs: number): void {
  expect((timesMs[5] ?? 0) - (timesMs[4] ?? 0)).toBeGreaterThan(pauseMs * 0.8)
}

// One after another, because each sends twelve mails at once and measures a pause.
test('five failures in a row pause the queue, and a successful probe resumes it', async (context) => {
  const { harness, peer, startWorker, sendWelcome } = await setUp(context)
  let isDown = true
  peer.replies = { greet: () => (isDown ? { code: 421, text: '4.3.2 overloaded' } : 'ok') }
  startWorker({ circuitBreaker: { pauseMs }, env: { WORKER_CONCURRENCY: '1' } })
  const ids = await Promise.all(Array.from({ length: 12 }, () => sendWelcome()))

  await eventually(() => expect(peer.connectedAtMs.length).toBeGreaterThanOrEqual(6))
  isDown = false
  // Without the pause the other mails and the retries would have connected within it.
  expectPauseAfterFive(peer.connectedAtMs, pauseMs)
  await Promise.all(ids.map((id) => harness.waitForStatus(id, 'sent')))
  expect(peer.received).toHaveLength(ids.length)
})

test.for([
  ['at RCPT', { rcptTo: '550 relay not permitted' }],
  ['at RCPT by a policy', { rcptTo: '554 5.7.1 Client host blocked using zen.example' }],
  ['at DATA', { data: '554 Message rejected: Email address is not verified.' }],
] as const)(
  'a wave of refusals %s pauses the queue, and neither loses a mail nor suppresses an address',
  async ([, refusals], context) => {
    const { harness, peer, startWorker, sendWelcome, suppressions } = await setUp(context)
    let isAccepting = false
    const answerWith = (line?: string) => () =>
      isAccepting || !line ? ('ok' as const) : { code: Number(line.slice(0, 3)), text: line.slice(4) }
    const { rcptTo, data } = refusals as { rcptTo?: string; data?: string }
    peer.replies = { rcptTo: answerWith(rcptTo), data: answerWith(data) }
    startWorker({ circuitBreaker: { pauseMs }, env: { WORKER_CONCURRENCY: '1' } })
    const ids = await Promise.all(Array.from({ length: 12 }, () => sendWelcome()))

    await eventually(() => expect(peer.recipients.length).toBeGreaterThanOrEqual(6))
    isAccepting = true
    expectPauseAfterFive(peer.recipientAtMs, pauseMs)
    await Promise.all(ids.map((id) => harness.waitForStatus(id, 'sent')))
    expect(await suppressions()).toEqual([])
  },
)

test.concurrent('unknown mailboxes do not pause the queue', async (context) => {
  const { harness, peer, startWorker, sendWelcome, suppressions } = await setUp(context)
  peer.replies = { rcptTo: (to) => (to.startsWith('bad') ? { code: 550, text: '5.1.1 no such user' } : 'ok') }
  startWorker({ env: { WORKER_CONCURRENCY: '1' } })
  await Promise.all(Array.from({ length: 8 }, () => sendWelcome(harness.address('bad'))))
  await harness.waitForStatus(await sendWelcome(), 'sent', shorterThanPauseMs)
  await eventually(async () => expect(await suppressions()).toHaveLength(8))
})

test.concurrent('repeated temporary failures for one recipient do not pause the queue', async (context) => {
  const { harness, peer, startWorker, sendWelcome } = await setUp(context)
  const busy = harness.address('busy')
  peer.replies = { rcptTo: (to) => (to === busy ? { code: 452, text: '4.2.2 mailbox full' } : 'ok') }
  startWorker()
  await Promise.all(Array.from({ length: 8 }, () => sendWelcome(busy)))
  await eventually(() => expect(peer.recipients.length).toBeGreaterThanOrEqual(8))

  await harness.waitForStatus(await sendWelcome(), 'sent', shorterThanPauseMs)
})
