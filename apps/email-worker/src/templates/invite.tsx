import { Layout } from './parts/layout.tsx'
import { choice, slot, When, Written } from './parts/slot.tsx'
import { Action, Panel, Paragraph, Remark } from './parts/text.tsx'

export const subject = 'You are invited to Muster'

export default function Invite() {
  return (
    <Layout
      preview="The link to accept works once"
      title={subject}
      reason="You get this mail because someone invited this address to Muster."
    >
      <Paragraph>
        Hello, you are invited
        <When has="invitedBy" as="person">
          {' '}
          by <Written slot="invitedBy" as="person" />
        </When>{' '}
        {choice('role', {
          site_admin: 'to run this installation of Muster as a site administrator.',
          operator: 'to help run this installation of Muster as an operator.',
          client_admin: 'to set up your organization on Muster and to manage it:',
          client_user: 'to join an organization on Muster:',
        })}
      </Paragraph>
      <When has="organizationName" as="person">
        <Panel>{slot('organizationName', 'person')}</Panel>
      </When>
      <Action href={`${slot('webUrl', 'address')}/accept-invite?token=${slot('token', 'pathPart')}`}>
        Accept the invitation
      </Action>
      <Paragraph>
        There you create your account; if you have one with this address, sign in and accept with it. The link works
        once, for {slot('lifetime')} after this mail was sent; a newer invitation mail replaces it.
      </Paragraph>
      <Remark>
        If you don’t know what this is about, ignore this mail: nothing happens. Don’t pass it on; whoever has the link
        can accept in your place.
      </Remark>
    </Layout>
  )
}
