import { Link } from '@react-email/components'
import { slot, When } from './slot.tsx'
import { color } from './style.ts'

/** A link that turns the mails of a template off, after a sentence; nothing in a mail that has no such link. */
export function OptOutLink({ children }: { children: string }) {
  return (
    <When has="optOutUrl">
      {' '}
      <Link
        className="link"
        href={slot('optOutUrl', 'address')}
        style={{ color: color.accent, textDecoration: 'underline' }}
      >
        {children}
      </Link>
    </When>
  )
}
