import { Layout } from './parts/layout.tsx'
import { slot } from './parts/slot.tsx'
import { Action, Greeting, PageLink, Panel, Paragraph, Remark } from './parts/text.tsx'

export const subject = 'Your account will be deleted'

export default function AccountDeleted() {
  return (
    <Layout
      preview="Until then you can take it back"
      title={subject}
      reason="You get this mail because the deletion of your Muster account was asked for."
    >
      <Paragraph>
        <Greeting />, as you asked, your Muster account is closed and signed out everywhere. What it holds about you is
        erased for good on:
      </Paragraph>
      <Panel>{slot('until', 'dateTime')}</Panel>
      <Paragraph>Changed your mind? Sign in before then, and everything is as it was.</Paragraph>
      <Action href={`${slot('webUrl', 'address')}/login`}>Keep my account</Action>
      <Remark>
        If it wasn’t you, <PageLink path="/forgot-password">choose a new password</PageLink> and sign in with it: that
        keeps your account, and keeps out whoever did this.
      </Remark>
    </Layout>
  )
}
