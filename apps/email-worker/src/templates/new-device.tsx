import { Layout } from './parts/layout.tsx'
import { SecurityEventDetails, securityReason } from './parts/security-event-details.tsx'
import { slot } from './parts/slot.tsx'
import { Action, Greeting, PageLink, Paragraph, Remark } from './parts/text.tsx'

export const subject = 'New sign-in to your account'

export default function NewDevice() {
  return (
    <Layout preview="If it was you, there is nothing to do" title={subject} reason={securityReason}>
      <Paragraph>
        <Greeting />, someone signed in to your Muster account with a browser or from a network that is new to us.
      </Paragraph>
      <SecurityEventDetails />
      <Paragraph>
        If it was you, there is nothing to do. If it wasn’t, choose a new password, which signs everybody out.
      </Paragraph>
      <Action href={`${slot('webUrl', 'address')}/forgot-password`}>It wasn’t me</Action>
      <Remark>
        Your <PageLink path="/account/sessions">sign-in settings</PageLink> list every device that is signed in.
      </Remark>
    </Layout>
  )
}
