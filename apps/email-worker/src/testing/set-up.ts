import type { TestContext } from 'vitest'
import { createHarness } from './harness.ts'
import { startSmtpPeer } from './smtp-peer.ts'

/** Creates a harness and an SMTP server for one test, which are closed when it ends. */
export async function setUp(context: Pick<TestContext, 'onTestFinished'>) {
  const [harness, peer] = await Promise.all([createHarness(), startSmtpPeer()])
  context.onTestFinished(async () => {
    await peer.close()
    await harness.close()
  })
  return {
    harness,
    peer,
    /** Starts a worker in this process that sends to the SMTP server. */
    startWorker: (options: Partial<Parameters<typeof harness.startWorker>[0]> = {}) =>
      harness.startWorker({ smtpUrl: peer.url, ...options }),
    sendWelcome: (to = harness.address()) => harness.sendMail({ template: 'welcome', to, data: { name: 'Ada' } }),
    suppressions: () => harness.db.selectFrom('email_suppressions').selectAll().execute(),
  }
}
