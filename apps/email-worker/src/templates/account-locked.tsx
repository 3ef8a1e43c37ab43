import { Layout } from './parts/layout.tsx'
import { SecurityEventDetails, securityReason } from './parts/security-event-details.tsx'
import { choice, slot, When } from './parts/slot.tsx'
import { Action, Greeting, PageLink, Paragraph, Remark } from './parts/text.tsx'

export const subject = choice('kind', {
  password: 'Too many wrong passwords for your account',
  code: 'Too many wrong codes for your account',
})

export default function AccountLocked() {
  return (
    <Layout preview="Further tries have to wait" title={subject} reason={securityReason}>
      <Paragraph>
        <Greeting />
        {choice('kind', {
          password:
            ', someone entered wrong passwords for your Muster account several times in a row. Nobody got in that way, and each further try now has to wait, longer every time.',
          code: ', someone entered wrong codes for your Muster account several times in a row. None was accepted, and each further try now has to wait, longer every time.',
        })}
      </Paragraph>
      <SecurityEventDetails />
      <When has="kind" is="password">
        <Paragraph>
          If it was you, wait a little and try again, or{' '}
          <PageLink path="/forgot-password">choose a new password</PageLink>.
        </Paragraph>
        <Remark>
          If it wasn’t you, there is nothing to do: your password has kept them out. In a browser where you signed in
          before, you can sign in as usual.
        </Remark>
      </When>
      <When has="kind" is="code">
        <Paragraph>If it was you, wait a little and try again.</Paragraph>
        <Paragraph>
          If it wasn’t you, someone came as far as the code and probably knows your password. The code has kept them
          out; choose a new password so that they don’t come so far again.
        </Paragraph>
        <Action href={`${slot('webUrl', 'address')}/forgot-password`}>It wasn’t me</Action>
      </When>
    </Layout>
  )
}
