import { Happened, safetyReason } from './parts/happened.tsx'
import { Layout } from './parts/layout.tsx'
import { slot } from './parts/slot.tsx'
import { Action, Greeting, PageLink, Paragraph, Remark } from './parts/text.tsx'

export const subject = 'We signed one of your devices out'

export default function SessionCompromised() {
  return (
    <Layout preview="Its sign-in may have been copied" title={subject} reason={safetyReason}>
      <Paragraph>
        <Greeting />, what keeps one of your devices signed in to Muster was used a second time after it had been
        replaced. That happens when somebody copied it, so we ended that session for everyone who had it.
      </Paragraph>
      <Happened />
      <Paragraph>
        You can sign in again as always. If you don’t know the device above, or your own may have been opened by someone
        else, choose a new password as well: that signs everybody out.
      </Paragraph>
      <Action href={`${slot('webUrl', 'address')}/forgot-password`}>Choose a new password</Action>
      <Remark>
        All devices that are signed in stand in your <PageLink path="/settings/security">sign-in settings</PageLink>.
      </Remark>
    </Layout>
  )
}
