import { startTestProcess } from '@muster/testing'
import { startSentryReceiver } from '@muster/testing/sentry-receiver'
import { expect, test } from 'vitest'

const script = new URL('./testing/crashing-process.ts', import.meta.url)

test('the error by which a process ends is reported with its causes before the process exits', async (context) => {
  const sentry = await startSentryReceiver()
  context.onTestFinished(() => sentry.close())
  const { ended } = startTestProcess(script, { SENTRY_DSN: sentry.dsn }, context)
  expect(await ended).toMatchObject({ code: 1 })
  expect(sentry.events).toHaveLength(1)
  expect(sentry.events[0]).toMatchObject({ environment: 'test', tags: { process: 'crashing' } })
  const [cause, error] = sentry.events[0]?.exception?.values ?? []
  expect(error).toMatchObject({ type: 'TypeError', value: 'nobody expected this' })
  expect(error?.stacktrace?.frames.some(({ filename }) => filename?.endsWith('/crashing-process.ts'))).toBe(true)
  expect(cause?.value).toMatch(/^disk of \[address\] is full[\s\S]*\(ENOSPC\)$/)
  expect(JSON.stringify(cause?.stacktrace)).not.toContain('planted.ts')
})
