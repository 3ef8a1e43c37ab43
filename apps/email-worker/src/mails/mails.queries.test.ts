import { newId } from '@muster/db'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { createHarness, type Harness } from '../testing/harness.ts'
import { claimMails, markMailsSent } from './mails.queries.ts'

let harness: Harness

beforeEach(async () => {
  harness = await createHarness()
})

afterEach(() => harness.close())

const welcome = () => harness.sendMail({ template: 'welcome', to: harness.address(), data: { name: 'Ada' } })
const claim = (ids: string[], leaseMs = 15_000) =>
  claimMails(harness.db, ids, { now: new Date(), leaseMs, codeKeyId: 'k1' })

/** A claimed mail with its job, as it is marked as sent. */
async function sent(result: Awaited<ReturnType<typeof claim>>[number] | undefined, smtpId = 'smtp-id') {
  if (result?.kind !== 'claimed') throw new Error('the mail was not claimed')
  const { id, leaseToken, attempts, claimedAt } = result.mail
  const jobs = await harness.db.selectFrom('outbox').select(['id', 'payload']).execute()
  const job = jobs.find(({ payload }) => (payload as { emailId: string }).emailId === id)
  return { id, leaseToken, attempts, claimedAt, smtpId, smtpAnswer: '250 2.0.0 Ok', jobId: job?.id ?? newId() }
}

test('a claim of many mails returns the results in order, with the reason for each unclaimed mail', async () => {
  const [mine, held, done] = [await welcome(), await welcome(), await welcome()]
  await claim([held])
  await harness.db.updateTable('email_messages').set({ status: 'sent' }).where('id', '=', done).execute()
  const results = await claim([newId(), held, mine, done, mine])
  expect(results.map(({ kind }) => kind)).toEqual(['missing', 'wait', 'claimed', 'ended', 'wait'])
})

test('twenty concurrent claims of the same mails claim each mail once', async () => {
  const ids = await Promise.all(Array.from({ length: 5 }, welcome))
  const claims = await Promise.all(
    Array.from({ length: 20 }, (_, index) => claim(index % 2 === 0 ? ids : ids.toReversed())),
  )
  const claimed = claims.flat().flatMap((result) => (result.kind === 'claimed' ? [result.mail.id] : []))
  expect(claimed.sort()).toEqual(ids.sort())
})

test('a mail with a lost lease and its job stay unchanged, and the rest of the batch is stored', async () => {
  const [lostId, keptId] = [await welcome(), await welcome()]
  const [lost] = await claim([lostId], 0)
  const [kept] = await claim([keptId])
  const [next] = await claim([lostId])
  expect(next?.kind).toBe('claimed')

  const now = new Date()
  expect(await markMailsSent(harness.db, [await sent(lost, 'late'), await sent(kept)], now)).toEqual([false, true])
  expect(await harness.mailRow(lostId)).toMatchObject({ status: 'sending', smtp_id: null, sent_at: null })
  expect(await harness.mailRow(keptId)).toMatchObject({ status: 'sent', smtp_id: 'smtp-id', lease_token: null })
  expect(await harness.countPendingJobs()).toBe(1)
  expect(await harness.attemptsOf(lostId)).toEqual([])
  expect(await harness.attemptsOf(keptId)).toMatchObject([
    { attempt: 1, outcome: 'sent', smtp_answer: '250 2.0.0 Ok', verdict: null, ended_at: now },
  ])

  expect(await markMailsSent(harness.db, [await sent(next)], now)).toEqual([true])
  expect(await harness.attemptsOf(lostId)).toMatchObject([{ attempt: 2, outcome: 'sent' }])
  expect(await harness.countPendingJobs()).toBe(0)
})
