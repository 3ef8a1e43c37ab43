import { randomUUID } from 'node:crypto'
import { createTransport } from 'nodemailer'
import { answer } from '../answer.ts'
import { setting } from '../setting.ts'

export type Sending = { count: number }

/** Has the length of both parts of Muster's welcome mail, and as many characters to encode. */
const text = 'Hello Ada, your e-mail address is confirmed and your account isn’t empty.\n\n'.repeat(5)
const html =
  `<p class="ink" style="color:#1b2230;font-size:16px">${'Write down your first task. '.repeat(3)}</p>\n`.repeat(36)

const transport = createTransport({
  pool: true,
  url: setting('BENCH_SMTP_URL'),
  maxConnections: Number(setting('BENCH_CONNECTIONS')),
})

/** Sends `count` mails as fast as the pool accepts them. Answers with the duration in milliseconds. */
answer<Sending, number>(async ({ count }) => {
  const startMs = performance.now()
  const sent = Array.from({ length: count }, (_, index) =>
    transport.sendMail({
      messageId: `<${randomUUID()}@example.com>`,
      from: { name: 'Muster', address: 'bench@example.com' },
      to: `user-${index}@example.com`,
      subject: 'Welcome to Muster',
      html,
      text,
      headers: { 'Auto-Submitted': 'auto-generated' },
    }),
  )
  await Promise.all(sent)
  return performance.now() - startMs
})
