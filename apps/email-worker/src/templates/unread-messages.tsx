import { Link } from '@react-email/components'
import { Layout } from './parts/layout.tsx'
import { OptOutLink } from './parts/opt-out-link.tsx'
import { Each, slot, When, Written } from './parts/slot.tsx'
import { color } from './parts/style.ts'
import { Action, Greeting, Paragraph, Remark } from './parts/text.tsx'

export const subject = slot('count', 'unreadMessages')

export default function UnreadMessages() {
  return (
    <Layout
      preview="Somebody wrote to you"
      title={subject}
      reason={
        <>
          You get this mail because messages to you were not read for ten minutes, once an hour at most.
          <OptOutLink>Turn these mails off</OptOutLink>
        </>
      }
    >
      <Paragraph>
        <Greeting />, this is new in your chats.
      </Paragraph>
      <Each of="chats">
        <Paragraph>
          <Link
            className="link"
            dir="auto"
            href={`${slot('webUrl', 'address')}/chats/${slot('chatId', 'pathPart')}`}
            style={{ color: color.accent, fontWeight: 600, textDecoration: 'none' }}
          >
            {slot('chatName')}
          </Link>
          <br />
          <span className="muted" style={{ color: color.muted, fontSize: '14px' }}>
            {slot('count', 'unreadMessages')}
            <When has="sender">
              {' '}
              · <Written slot="sender" />
              <When has="others" as="others">
                {' '}
                and {slot('others', 'others')}
              </When>
            </When>
          </span>
        </Paragraph>
      </Each>
      <When has="more" as="count">
        <Remark>… and {slot('more', 'count')} more.</Remark>
      </When>
      <Action href={`${slot('webUrl', 'address')}/chats`}>Open your chats</Action>
    </Layout>
  )
}
