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

/** The claimed mail as it is noted, with the job that was ordered for it. */
async function sent(result: Awaited<ReturnType<typeof claim>>[number] | undefined, smtpId = 'smtp-id') {
  if (result?.kind !== 'claimed') throw new Error('the mail was not claimed')
  const { id, leaseToken } = result.mail
  const jobs = await harness.db.selectFrom('outbox').select(['id', 'payload']).execute()
  const job = jobs.find(({ payload }) => (payload as { emailId: string }).emailId === id)
  return { id, leaseToken, smtpId, jobId: job?.id ?? newId() }
}

test('a claim of many answers in order, and says of each why it was not to be had', async () => {
  const [mine, held, done] = [await welcome(), await welcome(), await welcome()]
  await claim([held])
  await harness.db.updateTable('email_messages').set({ status: 'sent' }).where('id', '=', done).execute()
  const results = await claim([newId(), held, mine, done, mine])
  expect(results.map(({ kind }) => kind)).toEqual(['missing', 'wait', 'claimed', 'ended', 'wait'])
})

test('twenty claims of the same mails at once take each of them once', async () => {
  const ids = await Promise.all(Array.from({ length: 5 }, welcome))
  const claims = await Promise.all(
    Array.from({ length: 20 }, (_, index) => claim(index % 2 === 0 ? ids : ids.toReversed())),
  )
  const claimed = claims.flat().flatMap((result) => (result.kind === 'claimed' ? [result.mail.id] : []))
  expect(claimed.sort()).toEqual(ids.sort())
})

test('a mail whose lease was lost is not noted and its job stays owed, while the others of the batch are', async () => {
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

  expect(await markMailsSent(harness.db, [await sent(next)], now)).toEqual([true])
  expect(await harness.countPendingJobs()).toBe(0)
})
