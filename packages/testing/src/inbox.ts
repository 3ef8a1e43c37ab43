import { eventually } from './eventually.ts'
import { fromSetup } from './from-setup.ts'

export type ReceivedMail = {
  id: string
  subject: string
  from: { address: string; name?: string }[]
  to: { address: string; name?: string }[]
  text: string
  html: string
  headers: Record<string, string | string[]>
  /** From the mail's Date header: ISO, whole seconds. */
  time: string
}

/** Returns the SMTP_URL for processes under test. */
export function inboxSmtpUrl(): string {
  return `smtp://127.0.0.1:${fromSetup('MUSTER_TEST_SMTP_PORT')}`
}

/** Returns the address of the inbox, whose API is MailDev's. */
export const inboxUrl = (): string => fromSetup('MUSTER_TEST_INBOX_URL')

/** Lists the mail to an address, oldest first. */
export async function mailsTo(to: string): Promise<ReceivedMail[]> {
  const url = new URL('/email', inboxUrl())
  url.searchParams.set('to.address', to)
  const answer = await fetch(url)
  if (!answer.ok) throw new Error(`The inbox answered ${answer.status}.`)
  return ((await answer.json()) as ReceivedMail[]).sort((a, b) => a.time.localeCompare(b.time))
}

/**
 * Waits for the newest matching mail to an address. All tests share the inbox, so use unique addresses.
 * @param wanted.subject a part of the subject, or a pattern
 * @throws Error when no mail arrives in time
 */
export function waitForMail(wanted: {
  to: string
  subject?: string | RegExp
  timeoutMs?: number
}): Promise<ReceivedMail> {
  const { to, subject, timeoutMs = 10_000 } = wanted
  const fits = (mail: ReceivedMail) =>
    subject === undefined || (typeof subject === 'string' ? mail.subject.includes(subject) : subject.test(mail.subject))
  return eventually(
    async () => {
      const mail = (await mailsTo(to)).findLast(fits)
      if (!mail) throw new Error(`No mail to ${to}${subject ? ` with subject ${subject}` : ''} arrived.`)
      return mail
    },
    { timeoutMs, intervalMs: 50 },
  )
}
