import { Layout } from './parts/layout.tsx'
import { choice, slot, When, Written } from './parts/slot.tsx'
import { Action, Greeting, Panel, Paragraph, Remark } from './parts/text.tsx'

export const subject = 'Your invitation was accepted'

export default function InviteAccepted() {
  return (
    <Layout
      preview="Somebody you invited is here"
      title={subject}
      reason="You get this mail because you invited somebody to Muster. Your preferences say whether you get such mails."
    >
      <Paragraph>
        <Greeting />
        {choice('role', {
          site_admin: ', a person you invited is now a site administrator:',
          operator: ', a person you invited is now an operator:',
          client_admin: ', a person you invited has set up their organization:',
          client_user: ', a person you invited has joined your organization:',
        })}
      </Paragraph>
      <Panel>
        <When has="personName" as="person">
          <Written slot="personName" as="person" />
          <br />
        </When>
        <Written slot="email" />
        <When has="organizationName" as="person">
          <br />
          <Written slot="organizationName" as="person" />
        </When>
      </Panel>
      <Action href={`${slot('webUrl', 'address')}/organization`}>Open Muster</Action>
      <Remark>If you did not invite them, tell whoever runs your installation of Muster.</Remark>
    </Layout>
  )
}
