import { createConnection } from 'node:net'
import { expect, test } from 'vitest'
import {
  createTestDatabase,
  createTestRedis,
  inboxSmtpUrl,
  insertReminder,
  insertTask,
  insertUser,
  waitForMail,
} from './index.ts'

test('each test database is migrated, empty and separate', async () => {
  const [one, two] = await Promise.all([createTestDatabase(), createTestDatabase()])
  expect(one.url).not.toBe(two.url)
  expect(await one.db.selectFrom('users').selectAll().execute()).toEqual([])
  await Promise.all([one.drop(), two.drop()])
})

test('each test Redis is empty and separate', async () => {
  const [one, two] = await Promise.all([createTestRedis(), createTestRedis()])
  await one.client.set('key', 'value')
  expect(await two.client.get('key')).toBeNull()
  await Promise.all([one.close(), two.close()])
})

test('a sent mail is found in the inbox by its recipient', async () => {
  await sendPlainMail(new URL(inboxSmtpUrl()).port, 'found@example.test', 'Findable')
  const mail = await waitForMail({ to: 'found@example.test', subject: 'Find' })
  expect(mail.text).toContain('Hello')
})

function sendPlainMail(port: string, to: string, subject: string): Promise<void> {
  const lines = ['EHLO test', 'MAIL FROM:<from@example.test>', `RCPT TO:<${to}>`, 'DATA']
  lines.push(`From: from@example.test\r\nTo: ${to}\r\nSubject: ${subject}\r\n\r\nHello\r\n.`, 'QUIT')
  return new Promise((resolve, reject) => {
    const socket = createConnection({ port: Number(port), host: '127.0.0.1' })
    socket.on('data', (data) => {
      // One answer can span lines; only its last has a space after the code.
      if (/^\d{3} .*\r\n$/m.test(data.toString())) socket.write(`${lines.shift() ?? ''}\r\n`)
    })
    socket.once('close', () => resolve())
    socket.once('error', reject)
  })
}

test('the builders make rows that the database accepts', async () => {
  const { db, drop } = await createTestDatabase()
  const user = await insertUser(db)
  const reminder = await insertReminder(db, await insertTask(db, user))
  expect(reminder.user_id).toBe(user.id)
  expect((await insertUser(db, { role: 'super_admin' })).organization_id).toBeNull()
  await drop()
})
