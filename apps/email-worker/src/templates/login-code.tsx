import { Layout } from './parts/layout.tsx'
import { choice, slot, When } from './parts/slot.tsx'
import { Greeting, PageLink, Panel, Paragraph, Remark } from './parts/text.tsx'

export const subject = choice('action', {
  'sign-in': 'Your sign-in code',
  enable: 'Turn on sign-in codes by mail',
  confirm: 'Confirm that it’s you',
})

export default function LoginCode() {
  return (
    <Layout
      preview="It works once and only for a few minutes"
      title={subject}
      reason="You get this mail because someone asked for a code with your Muster account."
    >
      <Paragraph>
        <Greeting />
        {choice('action', {
          'sign-in': ', enter this code to sign in to Muster:',
          enable: ', enter this code to turn sign-in codes on. Muster will mail you one each time you sign in:',
          confirm: ', enter this code where Muster asks you to confirm that it’s you:',
        })}
      </Paragraph>
      <Panel isCode={true}>{slot('code')}</Panel>
      <Paragraph>It works once, for {slot('lifetime')} after you asked for it.</Paragraph>
      <When has="action" is="sign-in">
        <Remark>
          Nobody from Muster will ever ask you for it. If it wasn’t you, someone may know your password: keep the code
          to yourself and <PageLink path="/forgot-password">choose a new password</PageLink>.
        </Remark>
      </When>
      <When has="action" is="enable">
        <IfNotYou />
      </When>
      <When has="action" is="confirm">
        <IfNotYou />
      </When>
    </Layout>
  )
}

function IfNotYou() {
  return (
    <Remark>
      Nobody from Muster will ever ask you for it. If it wasn’t you, someone is signed in as you: keep the code to
      yourself and <PageLink path="/forgot-password">choose a new password</PageLink>, which signs everybody out.
    </Remark>
  )
}
