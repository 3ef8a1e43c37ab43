import { Layout } from './parts/layout.tsx'
import { SecurityEventDetails, securityReason } from './parts/security-event-details.tsx'
import { choice, slot, When } from './parts/slot.tsx'
import { Action, Greeting, PageLink, Paragraph, Remark } from './parts/text.tsx'

export const subject = choice('change', {
  'otp-on': 'Sign-in codes by mail are on',
  'totp-on': 'Your authenticator app is on',
  off: 'Your second sign-in step is off',
  'recovery-codes': 'You have new recovery codes',
  'recovery-code-used': 'A recovery code was used',
})

export default function TwoFactorChanged() {
  return (
    <Layout preview="If it was you, there is nothing to do" title={subject} reason={securityReason}>
      <Paragraph>
        <Greeting />
        {choice('change', {
          'otp-on': ', from now on signing in to Muster also asks for a code that we mail to you.',
          'totp-on': ', from now on signing in to Muster also asks for a code from your authenticator app.',
          off: ', signing in to Muster no longer asks for a code as a second step.',
          'recovery-codes': ', new recovery codes were made for your Muster account. The old ones no longer work.',
          'recovery-code-used': ', one of your recovery codes was used in place of a code. It can’t be used again.',
        })}
      </Paragraph>
      <SecurityEventDetails />
      <When has="change" is="totp-on">
        <Paragraph>
          Keep your recovery codes where you will find them without your phone: each lets you in once if the app is
          gone.
        </Paragraph>
      </When>
      <When has="change" is="recovery-code-used">
        <Paragraph>
          Running out? <PageLink path="/account/security">Make new ones</PageLink> before the last is gone.
        </Paragraph>
      </When>
      <Paragraph>
        If it was you, there is nothing else to do. If it wasn’t, someone else has been in your account: choose a new
        password at once, which signs everybody out.
      </Paragraph>
      <Action href={`${slot('webUrl', 'address')}/forgot-password`}>It wasn’t me</Action>
      <Remark>
        Then look through your <PageLink path="/account/security">sign-in settings</PageLink>. If a code that you don’t
        have keeps you out, ask those who run Muster for you.
      </Remark>
    </Layout>
  )
}
