import { Happened, safetyReason } from './parts/happened.tsx'
import { Layout } from './parts/layout.tsx'
import { choice, When } from './parts/slot.tsx'
import { Greeting, PageLink, Paragraph, Remark } from './parts/text.tsx'

export const subject = choice('kind', {
  password: 'Somebody keeps trying to sign in as you',
  code: 'Somebody has your password, or it is you',
})

export default function AccountLocked() {
  return (
    <Layout preview="Further tries have to wait" title={subject} reason={safetyReason}>
      <Paragraph>
        <Greeting />
        {choice('kind', {
          password:
            ', the password of your Muster account was entered wrongly several times in a row. Nobody got in, and each further try now has to wait, longer every time.',
          code: ', someone entered wrong codes for your Muster account several times in a row, after a first step that was right. Nobody got in, and each further try now has to wait, longer every time.',
        })}
      </Paragraph>
      <Happened />
      <When has="kind" is="password">
        <Paragraph>
          If it was you, wait a little and try again, or{' '}
          <PageLink path="/forgot-password">choose a new password</PageLink>.
        </Paragraph>
        <Remark>
          If it wasn’t you, there is nothing to do as long as nobody else knows your password. In a browser that you
          have signed in with before you can go on signing in as always.
        </Remark>
      </When>
      <When has="kind" is="code">
        <Paragraph>If it was you, wait a little and try again.</Paragraph>
        <Paragraph>
          If it wasn’t you, someone probably knows your password:{' '}
          <PageLink path="/forgot-password">choose a new one</PageLink>. Your second step has kept them out.
        </Paragraph>
      </When>
    </Layout>
  )
}
