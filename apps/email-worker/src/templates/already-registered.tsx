import { Layout } from './parts/layout.tsx'
import { slot } from './parts/slot.tsx'
import { Action, Greeting, Paragraph, Remark } from './parts/text.tsx'

export const subject = 'You already have an account'

export default function AlreadyRegistered() {
  return (
    <Layout
      preview="Sign in with the account you have"
      title="You already have an account"
      reason="You get this mail because someone signed up for Muster with the address of your account."
    >
      <Paragraph>
        <Greeting />, someone just tried to sign up for Muster with your e-mail address. If it was you: there is nothing
        to sign up for, just sign in.
      </Paragraph>
      <Action href={`${slot('webUrl', 'address')}/login`}>Sign in</Action>
      <Remark>
        If it wasn’t you, there is nothing to do. Whoever it was has not learned that this address has an account.
      </Remark>
    </Layout>
  )
}
