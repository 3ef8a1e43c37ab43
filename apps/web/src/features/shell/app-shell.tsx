import type { User } from '@muster/client'
import { Link, useLocation } from '@tanstack/react-router'
import { ChevronsUpDown, CloudOff } from 'lucide-react'
import { type ReactNode, useEffect, useRef } from 'react'
import { useIsDemo } from '../../lib/session.ts'
import { m } from '../../paraglide/messages.js'
import { Avatar } from '../../ui/avatar.tsx'
import { CountBadge } from '../../ui/badge.tsx'
import { loadAtFirstMove } from '../../ui/on-demand.ts'
import { UnreadCount } from '../../ui/page.tsx'
import { AccountMenu } from './account-menu.tsx'
import {
  AppFrame,
  BarFrame,
  BarLabel,
  barLink,
  MoreLabel,
  SideFrame,
  SideLabel,
  SideLinks,
  sideBrand,
  sideLink,
} from './app-frame.tsx'
import { Brand } from './brand.tsx'
import { DemoSign } from './demo-sign.tsx'
import { type NavigationEntry, opsPagesFor, pages } from './navigation.ts'
import { type Counts, useCounts } from './use-counts.ts'
import { useIsOffline } from './use-is-offline.ts'

const labelOfCount = {
  notifications: (count: number) => m.shell_unread_notifications({ count }),
  chats: (count: number) => m.shell_unread_messages({ count }),
}

function Count({ entry, counts }: { entry: NavigationEntry; counts: Counts }) {
  if (!entry.counts) return null
  const count = counts[entry.counts]
  return <CountBadge count={count} label={labelOfCount[entry.counts](count)} />
}

function SideEntry({ entry, counts }: { entry: NavigationEntry; counts: Counts }) {
  return (
    <Link to={entry.href} activeOptions={{ exact: entry.isExact ?? false, includeSearch: false }} className={sideLink}>
      <SideLabel entry={entry}>
        <Count entry={entry} counts={counts} />
      </SideLabel>
    </Link>
  )
}

function Sidebar({ user, counts }: { user: User; counts: Counts }) {
  const opsPages = opsPagesFor(user.role)
  return (
    <SideFrame>
      <Link to="/" className={sideBrand}>
        <Brand />
        {useIsDemo() && <DemoSign />}
      </Link>
      <SideLinks>
        {pages.map((entry) => (
          <SideEntry key={entry.href} entry={entry} counts={counts} />
        ))}
        {opsPages.length > 0 && (
          <>
            <h2 className="mt-5 mb-1 px-3 text-sm font-medium tracking-normal text-ink-3">
              {m.ops_shell_operations()}
            </h2>
            {opsPages.map((entry) => (
              <SideEntry key={entry.href} entry={entry} counts={counts} />
            ))}
          </>
        )}
      </SideLinks>
      <AccountMenu
        user={user}
        trigger={
          <button
            type="button"
            className="flex items-center gap-3 rounded-lg border border-transparent p-2 text-start hover:bg-raised data-popup-open:bg-raised"
          >
            <Avatar name={user.name} url={user.avatarUrl} size="sm" />
            <span className="min-w-0 flex-1">
              <bdi className="block truncate text-[0.9375rem] leading-tight font-medium">{user.name}</bdi>
              <bdi className="block truncate text-sm leading-tight text-ink-3">@{user.username}</bdi>
            </span>
            <ChevronsUpDown aria-hidden="true" className="size-4 shrink-0 text-ink-3" />
          </button>
        }
      />
    </SideFrame>
  )
}

const menuItemOf = ({ href, label, Icon }: NavigationEntry) => ({
  href,
  label: label(),
  icon: <Icon aria-hidden="true" />,
})

function BottomBar({ user, counts }: { user: User; counts: Counts }) {
  const others = pages.filter(({ isInBar }) => !isInBar)
  const opsPages = opsPagesFor(user.role)
  return (
    <BarFrame>
      {pages
        .filter(({ isInBar }) => isInBar)
        .map((entry) => (
          <Link
            key={entry.href}
            to={entry.href}
            activeOptions={{ exact: entry.isExact ?? false, includeSearch: false }}
            className={barLink}
          >
            <BarLabel entry={entry}>
              <Count entry={entry} counts={counts} />
            </BarLabel>
          </Link>
        ))}
      <AccountMenu
        user={user}
        pages={[
          { items: others.map(menuItemOf) },
          ...(opsPages.length > 0 ? [{ title: m.ops_shell_operations(), items: opsPages.map(menuItemOf) }] : []),
        ]}
        trigger={
          <button type="button" className={barLink}>
            <MoreLabel />
          </button>
        }
      />
      {useIsDemo() && <DemoSign className="pointer-events-none absolute end-2 -top-2.5" />}
    </BarFrame>
  )
}

/** The frame of every page of a signed-in user: navigation, account, and whether the server can be reached. */
export function AppShell({ user, children }: { user: User; children: ReactNode }) {
  const counts = useCounts()
  const isOffline = useIsOffline()
  const { pathname } = useLocation()
  const mainRef = useRef<HTMLElement>(null)
  useEffect(loadAtFirstMove, [])
  const shownPath = useRef(pathname)
  // After a navigation the focus would stay on the link: it goes to the new page, as when a page is loaded.
  useEffect(() => {
    if (shownPath.current === pathname) return
    shownPath.current = pathname
    if (!mainRef.current?.contains(document.activeElement)) mainRef.current?.focus({ preventScroll: true })
  }, [pathname])
  return (
    <AppFrame>
      <a
        href="#main"
        className="fixed start-4 top-3 z-50 -translate-y-20 rounded-md bg-accent px-4 py-2.5 font-medium text-accent-ink focus:translate-y-0 focus:shadow-lg"
      >
        {m.shell_skip()}
      </a>
      <Sidebar user={user} counts={counts} />
      <main
        ref={mainRef}
        id="main"
        tabIndex={-1}
        className="min-w-0 pb-(--bottom-bar) outline-none has-data-full-page:flex has-data-full-page:h-dvh has-data-full-page:flex-col"
      >
        <div role="status" aria-live="polite">
          {isOffline && (
            <div className="sticky top-0 z-30 flex items-center justify-center gap-2 bg-warning-soft px-4 py-2 text-center text-sm font-medium text-warning">
              <CloudOff aria-hidden="true" className="size-4 shrink-0" />
              {m.shell_offline()}
            </div>
          )}
        </div>
        <UnreadCount value={counts.notifications + counts.chats}>{children}</UnreadCount>
      </main>
      <BottomBar user={user} counts={counts} />
    </AppFrame>
  )
}
