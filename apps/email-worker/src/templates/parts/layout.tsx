import { Body, Container, Head, Heading, Html, Section, Text } from '@react-email/components'
import type { ReactNode } from 'react'
import { color, darkCss, font } from './style.ts'

type LayoutProps = {
  /** The preheader, which mail clients show after the subject; never contains a code. */
  preview: string
  title: string
  /** Why the recipient gets this mail. */
  reason: ReactNode
  children: ReactNode
}

/** Follows the preheader, so that mail clients do not show the first words of the mail after it. */
const padding = `${'\u200c\u00a0'.repeat(10)}\n`.repeat(7)

function Preheader({ children }: { children: string }) {
  return (
    <div
      data-skip-in-text={true}
      style={{
        display: 'none',
        fontSize: '1px',
        lineHeight: '1px',
        maxHeight: 0,
        maxWidth: 0,
        opacity: 0,
        overflow: 'hidden',
      }}
    >
      {children}
      {padding}
    </div>
  )
}

/** Layout of all mails: one column of at most 560 px, light by default and dark in clients with a dark scheme. */
export function Layout({ preview, title, reason, children }: LayoutProps) {
  return (
    <Html lang="en" dir="ltr">
      <Head>
        <title>{title}</title>
        <meta name="color-scheme" content="light dark" />
        <meta name="supported-color-schemes" content="light dark" />
        {/* Keeps clients from turning numbers and dates into links. */}
        <meta name="format-detection" content="telephone=no, date=no, address=no, email=no, url=no" />
        <style>{darkCss}</style>
      </Head>
      <Body className="page" style={{ backgroundColor: color.page, fontFamily: font, margin: 0, padding: '24px 12px' }}>
        <Preheader>{preview}</Preheader>
        <Container style={{ maxWidth: '560px', margin: '0 auto' }}>
          <Text
            className="brand"
            data-skip-in-text={true}
            style={{ color: color.accent, fontSize: '17px', fontWeight: 700, margin: '0 0 12px', padding: '0 4px' }}
          >
            Muster
          </Text>
          <Section
            className="card"
            style={{
              backgroundColor: color.card,
              borderRadius: '12px',
              padding: '28px 24px 14px',
              wordBreak: 'break-word',
            }}
          >
            <Heading
              as="h1"
              className="ink"
              dir="auto"
              style={{ color: color.ink, fontSize: '22px', lineHeight: '30px', fontWeight: 700, margin: '0 0 16px' }}
            >
              {title}
            </Heading>
            {children}
          </Section>
          <Text
            className="muted"
            style={{ color: color.muted, fontSize: '13px', lineHeight: '20px', margin: '16px 0 0', padding: '0 4px' }}
          >
            {reason}
          </Text>
        </Container>
      </Body>
    </Html>
  )
}
