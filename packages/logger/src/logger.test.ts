import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { expect, test } from 'vitest'

/** What a process that runs this code with a logger called `log` prints. */
async function logged(code: string): Promise<Record<string, unknown>> {
  const source = `import { createLogger } from '@muster/logger'; const log = createLogger({ name: 'some-worker' }); ${code}`
  const args = ['--input-type=module', '-e', source]
  const { stdout } = await promisify(execFile)(process.execPath, args, { cwd: import.meta.dirname })
  return JSON.parse(stdout)
}

test('secrets are cut out by their key, wherever they stand', async () => {
  const line = await logged(`log.info({
    password: 'S3cret', body: { otp: '123456', code: '654321' }, request: { headers: { cookie: 'S3cret', authorization: 'S3cret' } },
  }, 'hello')`)
  expect(JSON.stringify(line)).not.toMatch(/S3cret|123456|654321/)
  expect(line).toMatchObject({ name: 'some-worker', level: 'info', msg: 'hello' })
})

test('an error keeps the code that says what happened', async () => {
  const line = await logged(`log.error({ err: Object.assign(new Error('refused'), { code: 'ECONNREFUSED' }) }, 'away')`)
  expect(line).toMatchObject({ err: { code: 'ECONNREFUSED', message: 'refused' } })
})

test('an error that another one caused keeps its code and tells its cause', async () => {
  const line = await logged(`
    const cause = Object.assign(new Error('connect ECONNREFUSED'), { code: 'ECONNREFUSED' })
    const refused = Object.assign(new AggregateError([cause]), { code: 'ECONNREFUSED' })
    log.error({ err: Object.assign(new Error('away', { cause }), { code: 'AWAY' }), all: { err: refused } }, 'away')`)
  expect(line).toMatchObject({ err: { code: 'AWAY', message: 'away: connect ECONNREFUSED' } })
  expect(JSON.stringify(line)).not.toContain('[redacted]')
})

test('what people wrote is escaped where a terminal would obey it, and means the same', async () => {
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
