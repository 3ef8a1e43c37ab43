import { Button, Heading, Link, Section, Text } from '@react-email/components'
import type { ReactNode } from 'react'
import { slot, When, Written } from './slot.tsx'
import { color } from './style.ts'

export function Paragraph({ children }: { children: ReactNode }) {
  return (
    <Text className="ink" style={{ color: color.ink, fontSize: '16px', lineHeight: '25px', margin: '0 0 16px' }}>
      {children}
    </Text>
  )
}

/** Heading of a section. */
export function Subheading({ children }: { children: ReactNode }) {
  return (
    <Heading
      as="h2"
      className="ink"
      style={{ color: color.ink, fontSize: '17px', lineHeight: '26px', fontWeight: 700, margin: '22px 0 10px' }}
    >
      {children}
    </Heading>
  )
}

/** `Hello Ada`, which begins a sentence. */
export function Greeting() {
  return (
    <>
      Hello
      <When has="name" as="person">
        {' '}
        <Written slot="name" as="person" />
      </When>
    </>
  )
}

/** Small grey text below the main content. */
export function Remark({ children }: { children: ReactNode }) {
  return (
    <Text className="muted" style={{ color: color.muted, fontSize: '14px', lineHeight: '22px', margin: '0 0 12px' }}>
      {children}
    </Text>
  )
}

/** A highlighted block: a code, or text that a user wrote. */
export function Panel({ children, isCode = false }: { children: ReactNode; isCode?: boolean }) {
  const codeStyle = {
    fontFamily: "'SF Mono', Menlo, Consolas, 'Liberation Mono', monospace",
    fontSize: '32px',
    lineHeight: '40px',
    fontWeight: 700,
    letterSpacing: '6px',
    // Balances the letter spacing after the last digit.
    textIndent: '6px',
    textAlign: 'center',
  } as const
  return (
    <Text
      className="panel"
      dir="auto"
      style={{
        backgroundColor: color.panel,
        borderRadius: '8px',
        color: color.ink,
        margin: '0 0 18px',
        padding: '16px 18px',
        ...(isCode ? codeStyle : { fontSize: '16px', lineHeight: '25px' }),
      }}
    >
      {children}
    </Text>
  )
}

export function Action({ href, children }: { href: string; children: ReactNode }) {
  return (
    <Section style={{ margin: '4px 0 18px' }}>
      <Button
        className="button"
        href={href}
        style={{
          backgroundColor: color.accent,
          borderRadius: '8px',
          color: color.onAccent,
          fontSize: '16px',
          fontWeight: 600,
          padding: '13px 22px',
        }}
      >
        {children}
      </Button>
    </Section>
  )
}

/** A link to a page of the front end within a sentence. */
export function PageLink({ path, children }: { path: string; children: ReactNode }) {
  return (
    <Link
      className="link"
      href={`${slot('webUrl', 'address')}${path}`}
      style={{ color: color.accent, textDecoration: 'underline' }}
    >
      {children}
    </Link>
  )
}
