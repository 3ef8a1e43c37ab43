import type { TransactContext } from '@muster/jobs/outbox'
import { insertMail, type TemplateData } from '@muster/mail'
import { notify } from '@muster/notifications'

type AlertTemplate = 'password-changed' | 'two-factor-changed' | 'new-device' | 'session-compromised' | 'account-locked'
type AlertMail = { [N in AlertTemplate]: { template: N; data: TemplateData<N> } }[AlertTemplate]

/**
 * Alerts a user to a security event of their account: by a mail, which no preference turns off or delays, and by a
 * notification, which the user sees even without access to their mailbox.
 */
export async function sendSecurityAlert(
  tx: TransactContext,
  { id, email }: { id: string; email: string },
  mail: AlertMail,
): Promise<void> {
  const { at, device, ip } = mail.data
  const { title, sentence } = describe(mail)
  const source = [device, ip].filter(Boolean).join(', ')
  await notify(tx, {
    userId: id,
    type: 'security',
    title,
    message: source ? `${sentence} This came from ${source}.` : sentence,
    data: { event: mail.template, at, device, ip },
    now: new Date(at),
  })
  await insertMail(tx, { ...mail, to: email, userId: id })
}

const passwordSentences = {
  changed: 'Your password was changed.',
  reset: 'Your password was reset.',
  set: 'Your account has a password now.',
}

const factorSentences = {
  'otp-on': 'Codes by mail are your second factor now.',
  'totp-on': 'An authenticator app is your second factor now.',
  off: 'Your second factor is off.',
  'recovery-codes': 'You have new recovery codes. The old ones no longer work.',
  'recovery-code-used': 'One of your recovery codes was used.',
}

function describe({ template, data }: AlertMail): { title: string; sentence: string } {
  switch (template) {
    case 'password-changed':
      return { title: 'Password changed', sentence: passwordSentences[data.how] }
    case 'two-factor-changed':
      return { title: 'Second factor changed', sentence: factorSentences[data.change] }
    case 'new-device':
      return { title: 'New device', sentence: 'Somebody signed in to your account from a new browser or network.' }
    case 'session-compromised':
      return { title: 'Session ended', sentence: 'One of your sessions was ended, because its token was used twice.' }
    case 'account-locked':
      return {
        title: 'Account locked',
        sentence: `Sign-in is locked for a while: a wrong ${data.kind ?? 'password'} was entered too often.`,
      }
  }
}
