import type { IncomingMessage } from 'node:http'
import { MailDev } from 'maildev'

type Settings = { port: number; smtpPort: number; dir: string; maxMails: number }

// Mails contain one-time codes. MailDev creates its files with the permissions of the umask.
process.umask(0o077)

const { port, smtpPort, dir, maxMails } = JSON.parse(process.argv[2] ?? '{}') as Settings
const maildev = new MailDev({
  web: port,
  webIp: '127.0.0.1',
  smtp: smtpPort,
  ip: '127.0.0.1',
  mailDirectory: dir,
  maxEmails: maxMails,
})

const { api } = await maildev.start()
// MailDev 3 moved its JSON API from /email to /api/email. Here both paths work.
api?.server.server.prependListener('request', (request: IncomingMessage) => {
  if (request.url?.startsWith('/email')) request.url = `/api${request.url}`
})

const stop = () => void maildev.stop().finally(() => process.exit(0))
process.on('SIGTERM', stop)
process.on('SIGINT', stop)
