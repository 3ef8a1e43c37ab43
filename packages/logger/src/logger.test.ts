import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { expect, test } from 'vitest'

/** Runs code in a process with a logger called `log`. @returns the line that it prints */
async function logged(code: string): Promise<Record<string, unknown>> {
  const source = `import { createLogger } from '@muster/logger'; const log = createLogger({ name: 'some-worker' }); ${code}`
  const args = ['--input-type=module', '-e', source]
  const { stdout } = await promisify(execFile)(process.execPath, args, { cwd: import.meta.dirname })
  return JSON.parse(stdout)
}

test('values of secret keys are redacted at every level', async () => {
  const line = await logged(`log.info({
    password: 'S3cret', body: { otp: '123456', code: '654321' }, request: { headers: { cookie: 'S3cret', authorization: 'S3cret' } },
  }, 'hello')`)
  expect(JSON.stringify(line)).not.toMatch(/S3cret|123456|654321/)
  expect(line).toMatchObject({ name: 'some-worker', level: 'info', msg: 'hello' })
})

test('the code of an error is not redacted', async () => {
  const line = await logged(`log.error({ err: Object.assign(new Error('refused'), { code: 'ECONNREFUSED' }) }, 'away')`)
  expect(line).toMatchObject({ err: { code: 'ECONNREFUSED', message: 'refused' } })
})

test('the code and the cause of a nested error are not redacted', async () => {
  const line = await logged(`
    const cause = Object.assign(new Error('connect ECONNREFUSED'), { code: 'ECONNREFUSED' })
    const refused = Object.assign(new AggregateError([cause]), { code: 'ECONNREFUSED' })
    log.error({ err: Object.assign(new Error('away', { cause }), { code: 'AWAY' }), all: { err: refused } }, 'away')`)
  expect(line).toMatchObject({ err: { code: 'AWAY', message: 'away: connect ECONNREFUSED' } })
  expect(JSON.stringify(line)).not.toContain('[redacted]')
})

test('control characters in values are escaped, and the JSON keeps its meaning', async () => {
  const value = 'a\u001b[2J\u009b31m\u202eb\u2028\u007fc'
  const args = [
    '--input-type=module',
    '-e',
    `
    import { createLogger } from '@muster/logger'
    createLogger({ name: 'some-worker' }).info({ value: ${JSON.stringify(value)} }, 'hello')`,
  ]
  const { stdout } = await promisify(execFile)(process.execPath, args, { cwd: import.meta.dirname })
  expect(stdout).toMatch(/^[\x20-\x7e]+\n$/)
  expect(JSON.parse(stdout)).toMatchObject({ value })
})

test('each line has an event made from its message, and the component of the part that logs', async () => {
  const first = await logged(`log.child({ component: 'publisher', queue: 'email' }).child({ jobId: '7' })
    .warn({ reason: 'TIMEOUT' }, 'publisher paused, jobs stay in the outbox')`)
  expect(first).toMatchObject({ component: 'publisher', event: 'publisher-paused', queue: 'email', jobId: '7' })
  expect(await logged(`log.child({ component: 'a' }).child({ component: 'b' }).info('started')`)).toMatchObject({
    component: 'b',
    event: 'started',
  })
  expect(await logged(`log.error({ component: 'smtp', event: 'other' }, 'mail rejected permanently')`)).toMatchObject({
    component: 'smtp',
    event: 'mail-rejected-permanently',
  })
  const failed = await logged(`log.error(new Error('away'), 'start failed: see below')`)
  expect(failed).toMatchObject({ component: 'process', event: 'start-failed', err: { message: 'away' } })
})

test('no line has a key twice', async () => {
  const source = `import { createLogger } from '@muster/logger'
    createLogger({ name: 'x' }).child({ component: 'a' }).child({ component: 'b' }).info({ component: 'c', event: 'd' }, 'hello')`
  const args = ['--input-type=module', '-e', source]
  const { stdout } = await promisify(execFile)(process.execPath, args, { cwd: import.meta.dirname })
  const keys = [...stdout.matchAll(/"(\w+)":/g)].map(([, key]) => key)
  expect(keys).toEqual([...new Set(keys)])
})
