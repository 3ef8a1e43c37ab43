import type { TransactContext } from '@muster/jobs/outbox'
import { insertMail, type TemplateData } from '@muster/mail'
import { notify } from '@muster/notifications'

type SafetyTemplate =
  | 'password-changed'
  | 'two-factor-changed'
  | 'new-device'
  | 'session-compromised'
  | 'account-locked'
type SafetyMail = { [N in SafetyTemplate]: { template: N; data: TemplateData<N> } }[SafetyTemplate]

/**
 * Tells somebody what happened to their account: by a mail that they can't turn off and that is never held back, and
 * among their notifications, which a lost mailbox does not hide.
 */
export async function tellOfSafety(
  tx: TransactContext,
  { id, email }: { id: string; email: string },
  mail: SafetyMail,
): Promise<void> {
  const { at, device, ip } = mail.data
  const { title, sentence } = wordsOf(mail)
  const from = [device, ip].filter(Boolean).join(', ')
  await notify(tx, {
    userId: id,
    type: 'security',
    title,
    message: from ? `${sentence} This came from ${from}.` : sentence,
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
  'recovery-codes': 'You have new recovery codes; the old ones are worthless.',
  'recovery-code-used': 'One of your recovery codes was used.',
}

function wordsOf({ template, data }: SafetyMail): { title: string; sentence: string } {
  switch (template) {
    case 'password-changed':
      return { title: 'Password changed', sentence: passwordSentences[data.how] }
    case 'two-factor-changed':
      return { title: 'Second factor changed', sentence: factorSentences[data.change] }
    case 'new-device':
      return { title: 'New device', sentence: 'Somebody signed in where you were not seen before.' }
    case 'session-compromised':
      return { title: 'Session ended', sentence: 'A session of yours was ended: its token was used a second time.' }
    case 'account-locked':
      return {
        title: 'Account locked',
        sentence: `Signing in has to wait: the ${data.kind ?? 'password'} was wrong too often.`,
      }
  }
}
