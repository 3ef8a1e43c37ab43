import { Layout } from './parts/layout.tsx'
import { SecurityEventDetails, securityReason } from './parts/security-event-details.tsx'
import { slot } from './parts/slot.tsx'
import { Action, Greeting, PageLink, Paragraph, Remark } from './parts/text.tsx'

export const subject = 'We signed one of your devices out'

export default function SessionCompromised() {
  return (
    <Layout preview="Its sign-in may have been copied" title={subject} reason={securityReason}>
      <Paragraph>
        <Greeting />, an old copy of the sign-in of one of your devices was used. We can’t tell who has the right one,
        so we signed that device out.
      </Paragraph>
      <SecurityEventDetails />
      <Paragraph>
        You can sign in again as usual. If you don’t recognise the sign-in above, choose a new password as well: that
        signs everybody out.
      </Paragraph>
      <Action href={`${slot('webUrl', 'address')}/forgot-password`}>Choose a new password</Action>
      <Remark>
        Your <PageLink path="/account/sessions">sign-in settings</PageLink> list every device that is signed in.
      </Remark>
    </Layout>
  )
}
