import { Layout } from './parts/layout.tsx'
import { slot } from './parts/slot.tsx'
import { Action, Greeting, Paragraph, Remark } from './parts/text.tsx'

export const subject = 'Choose a new password'

export default function PasswordReset() {
  return (
    <Layout
      preview="The link to do so works once"
      title={subject}
      reason="You get this mail because someone asked for a new password for the account with this address."
    >
      <Paragraph>
        <Greeting />, someone asked for a new password for your Muster account. If it was you, choose it here:
      </Paragraph>
      <Action href={`${slot('webUrl', 'address')}/reset-password?token=${slot('token', 'pathPart')}`}>
        Choose a new password
      </Action>
      <Paragraph>
        The link works once, for {slot('lifetime')} after you asked for it. Your new password signs you out everywhere;
        a second step that you turned on stays on.
      </Paragraph>
      <Remark>
        If it wasn’t you, ignore this mail and your password stays as it is. Don’t pass it on: whoever has the link can
        choose your password.
      </Remark>
    </Layout>
  )
}
