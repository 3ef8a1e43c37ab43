import { Link, useLocation } from '@tanstack/react-router'
import { type ReactNode, useEffect, useRef } from 'react'
import { m } from '../../paraglide/messages.js'
import { Page } from '../../ui/page.tsx'

const tabs = [
  { to: '/account/profile', label: m.profile_tab },
  { to: '/account/security', label: m.security_tab },
  { to: '/account/sessions', label: m.sessions_tab },
  { to: '/account/notifications', label: m.preferences_tab },
  { to: '/account/privacy', label: m.privacy_tab },
  { to: '/account/data', label: m.data_rights_tab },
] as const

/** The frame of the pages about the own account. */
export function AccountLayout({ children }: { children: ReactNode }) {
  const { pathname } = useLocation()
  const nav = useRef<HTMLElement>(null)
  useEffect(() => {
    // On narrow screens the row of tabs scrolls.
    nav.current?.querySelector('[aria-current=page]')?.scrollIntoView({ block: 'nearest', inline: 'center' })
  }, [pathname])
  return (
    <Page title={m.shell_account()} width="narrow">
      <nav ref={nav} aria-label={m.shell_account()} className="-mx-4 mb-6 overflow-x-auto px-4 sm:mx-0 sm:px-0">
        <ul className="flex w-max min-w-full gap-1 shadow-[inset_0_-1px_0_var(--color-line)]">
          {tabs.map(({ to, label }) => (
            <li key={to}>
              <Link
                to={to}
                className="flex min-h-11 items-center border-b-2 border-transparent px-3 font-medium whitespace-nowrap text-ink-2 hover:text-ink focus-visible:-outline-offset-2 aria-[current=page]:border-accent aria-[current=page]:text-accent"
              >
                {label()}
              </Link>
            </li>
          ))}
        </ul>
      </nav>
      <div className="flex flex-col gap-6">{children}</div>
    </Page>
  )
}
