import { Layout } from './parts/layout.tsx'
import { slot } from './parts/slot.tsx'
import { Action, Greeting, Paragraph } from './parts/text.tsx'

export const subject = 'Welcome to Muster'

export default function Welcome() {
  return (
    <Layout
      preview="Your account is ready"
      title="Welcome to Muster"
      reason="You get this mail because you signed up for Muster with this address."
    >
      <Paragraph>
        <Greeting />, your e-mail address is confirmed and your account is ready.
      </Paragraph>
      <Paragraph>
        Write down your first task, put a file to it, and set a reminder so that it comes back in time.
      </Paragraph>
      <Action href={slot('webUrl', 'address')}>Open Muster</Action>
    </Layout>
  )
}
