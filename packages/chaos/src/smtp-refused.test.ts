import type { AddressInfo } from 'node:net'
import { eventually } from '@muster/testing'
import { SMTPServer } from 'smtp-server'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { muster } from './system/muster-command.ts'
import { type System, startSystem } from './system/system.ts'

let system: System
let server: SMTPServer
const delivered: string[] = []
beforeAll(async () => {
  system = await startSystem()
  server = new SMTPServer({
    disabledCommands: ['STARTTLS'],
    disableReverseLookup: true,
    closeTimeout: 100,
    onAuth: ({ password }, _session, callback) =>
      password === 'right'
        ? callback(null, { user: 'muster' })
        : callback(Object.assign(new Error('5.7.8 Username and Password not accepted'), { responseCode: 535 })),
    onData(stream, session, callback) {
      stream.resume()
      stream.on('end', () => {
        delivered.push(session.envelope.rcptTo[0]?.address ?? '')
        callback()
      })
    },
  })
  server.on('error', () => {})
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
})
afterAll(async () => {
  await system.close()
  await new Promise<void>((resolve) => server.close(() => resolve()))
})

const mailList = async () => {
  const { stdout } = await muster(['mail', 'list', '--json'], system.env('api'))
  return JSON.parse(stdout) as { emails: { status: string; error: string | null }[] }
}

test('mails wait while the server refuses the sign-in (535), and all arrive once it is right', {
  timeout: 120_000,
}, async () => {
  const { port } = server.server.address() as AddressInfo
  const smtp = (password: string) => ({ SMTP_URL: `smtp://muster:${password}@127.0.0.1:${port}` })
  const worker = await system.startLive('email-worker', smtp('wrong-password'))
  await system.start('api')
  const users = [system.newUser(), system.newUser(), system.newUser()]
  for (const user of users) expect((await user.register()).status).toBe(202)

  await eventually(
    async () => {
      const { emails } = await mailList()
      expect(emails).toHaveLength(3)
      for (const mail of emails)
        expect(mail).toMatchObject({ status: 'queued', error: expect.stringContaining('535 5.7.8') })
    },
    { timeoutMs: 60_000 },
  )
  expect(worker.output()).toMatch(/535 5\.7\.8 at AUTH/)
  expect(worker.output()).not.toContain('wrong-password')
  expect(delivered).toEqual([])
  expect(await system.inspector.query('select from email_suppressions')).toEqual([])

  await worker.terminate()
  await system.start('email-worker', { env: smtp('right') })
  await eventually(() => expect([...delivered].sort()).toEqual(users.map(({ email }) => email).sort()), {
    timeoutMs: 60_000,
  })
  await eventually(async () =>
    expect((await mailList()).emails.map(({ status }) => status)).toEqual(['sent', 'sent', 'sent']),
  )
})
