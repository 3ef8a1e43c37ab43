import type { User } from '@muster/client'
import { Link, useLocation } from '@tanstack/react-router'
import { ChevronsUpDown, CloudOff, Ellipsis } from 'lucide-react'
import { type ReactNode, useEffect, useRef } from 'react'
import { useIsDemo } from '../../lib/session.ts'
import { m } from '../../paraglide/messages.js'
import { Avatar } from '../../ui/avatar.tsx'
import { CountBadge } from '../../ui/badge.tsx'
import { loadAtFirstMove } from '../../ui/on-demand.ts'
import { AccountMenu } from './account-menu.tsx'
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

function SideLink({ entry, counts }: { entry: NavigationEntry; counts: Counts }) {
  return (
    <Link
      to={entry.href}
      activeOptions={{ exact: entry.isExact ?? false, includeSearch: false }}
      className="flex min-h-10 items-center gap-3 rounded-md px-3 font-medium text-ink-2 hover:bg-raised hover:text-ink touch:min-h-11 data-[status=active]:bg-accent-soft data-[status=active]:text-accent"
    >
      <entry.Icon aria-hidden="true" className="size-5 stroke-[1.9]" />
      <span className="min-w-0 flex-1 truncate">{entry.label()}</span>
      <Count entry={entry} counts={counts} />
    </Link>
  )
}

function Sidebar({ user, counts }: { user: User; counts: Counts }) {
  const opsPages = opsPagesFor(user.role)
  return (
    <div className="sticky top-0 hidden h-dvh flex-col gap-1 border-e border-line bg-surface px-3 py-4 lg:flex">
      <Link to="/" className="mb-4 flex items-center gap-2.5 rounded-md px-2 py-1.5">
        <Brand />
        {useIsDemo() && <DemoSign />}
      </Link>
      <nav aria-label={m.shell_navigation()} className="flex min-h-0 flex-1 flex-col gap-0.5 overflow-y-auto">
        {pages.map((entry) => (
          <SideLink key={entry.href} entry={entry} counts={counts} />
        ))}
        {opsPages.length > 0 && (
          <>
            <h2 className="mt-5 mb-1 px-3 text-sm font-medium tracking-normal text-ink-3">
              {m.ops_shell_operations()}
            </h2>
            {opsPages.map((entry) => (
              <SideLink key={entry.href} entry={entry} counts={counts} />
            ))}
          </>
        )}
      </nav>
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
    </div>
  )
}

const barItem =
  'relative flex min-w-0 flex-1 flex-col items-center justify-center gap-0.5 rounded-md text-xs font-medium text-ink-3 ' +
  'data-[status=active]:text-accent focus-visible:-outline-offset-2'

const menuItemOf = ({ href, label, Icon }: NavigationEntry) => ({
  href,
  label: label(),
  icon: <Icon aria-hidden="true" />,
})

function BottomBar({ user, counts }: { user: User; counts: Counts }) {
  const others = pages.filter(({ isInBar }) => !isInBar)
  const opsPages = opsPagesFor(user.role)
  return (
    <nav
      aria-label={m.shell_navigation()}
      className="fixed inset-x-0 bottom-0 z-30 flex h-16 border-t border-line bg-surface/95 px-1 backdrop-blur-md lg:hidden"
    >
      {pages
        .filter(({ isInBar }) => isInBar)
        .map((entry) => (
          <Link
            key={entry.href}
            to={entry.href}
            activeOptions={{ exact: entry.isExact ?? false, includeSearch: false }}
            className={barItem}
          >
            <span className="relative">
              <entry.Icon aria-hidden="true" className="size-[1.4rem] stroke-[1.9]" />
              <span className="absolute -end-3.5 -top-2">
                <Count entry={entry} counts={counts} />
              </span>
            </span>
            <span className="max-w-full truncate">{entry.label()}</span>
          </Link>
        ))}
      <AccountMenu
        user={user}
        pages={[
          { items: others.map(menuItemOf) },
          ...(opsPages.length > 0 ? [{ title: m.ops_shell_operations(), items: opsPages.map(menuItemOf) }] : []),
        ]}
        trigger={
          <button type="button" className={barItem}>
            <Ellipsis aria-hidden="true" className="size-[1.4rem]" />
            <span className="max-w-full truncate">{m.shell_more()}</span>
          </button>
        }
      />
      {useIsDemo() && <DemoSign className="pointer-events-none absolute end-2 -top-2.5" />}
    </nav>
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
    <div data-shell className="lg:grid lg:grid-cols-[16.5rem_minmax(0,1fr)]">
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
        {children}
      </main>
      <BottomBar user={user} counts={counts} />
    </div>
  )
}
