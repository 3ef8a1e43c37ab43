import { Layout } from './parts/layout.tsx'
import { slot } from './parts/slot.tsx'
import { Greeting, Panel, Paragraph, Remark } from './parts/text.tsx'

export const subject = 'Confirm your e-mail address'

export default function RegisterCode() {
  return (
    <Layout
      preview="Your code to finish signing up for Muster"
      title="Confirm your e-mail address"
      reason="You get this mail because someone signed up for Muster with this address."
    >
      <Paragraph>
        <Greeting />, enter this code to finish signing up:
      </Paragraph>
      <Panel isCode={true}>{slot('code')}</Panel>
      <Paragraph>It works once, for {slot('lifetime')} after you asked for it.</Paragraph>
      <Remark>
        Nobody from Muster will ever ask you for it. If it wasn’t you who signed up, ignore this mail: without the code
        no account is made.
      </Remark>
    </Layout>
  )
}
