import { Layout } from './parts/layout.tsx'
import { SecurityEventDetails, securityReason } from './parts/security-event-details.tsx'
import { choice, slot } from './parts/slot.tsx'
import { Action, Greeting, Paragraph } from './parts/text.tsx'

export const subject = choice('how', {
  changed: 'Your password was changed',
  reset: 'You have a new password',
  set: 'Your account has a password now',
})

export default function PasswordChanged() {
  return (
    <Layout preview="If it was you, there is nothing to do" title={subject} reason={securityReason}>
      <Paragraph>
        <Greeting />
        {choice('how', {
          changed: ', the password of your Muster account was changed. Every other device was signed out.',
          reset:
            ', a new password was chosen for your Muster account with a link from our mail. Every device was signed out.',
          set: ', a password was set for your Muster account. You can sign in with it from now on. Every other device was signed out.',
        })}
      </Paragraph>
      <SecurityEventDetails />
      <Paragraph>
        If it was you, there is nothing to do. If it wasn’t, someone else can get into your account: choose a password
        that only you know, at once. That signs everybody out.
      </Paragraph>
      <Action href={`${slot('webUrl', 'address')}/forgot-password`}>It wasn’t me</Action>
    </Layout>
  )
}
