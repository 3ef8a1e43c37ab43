import { Ellipsis } from 'lucide-react'
import type { ReactNode } from 'react'
import { m } from '../../paraglide/messages.js'
import type { NavigationEntry } from './navigation.ts'

// The build renders what stands here for the first paint: it needs no browser, no router and no session.

type FrameProps = { children: ReactNode }

/** The frame of the pages of signed-in users: navigation at the side of wide windows and below narrow ones. */
export const AppFrame = ({ children }: FrameProps) => (
  <div data-shell className="lg:grid lg:grid-cols-[16.5rem_minmax(0,1fr)]">
    {children}
  </div>
)

/** The navigation of wide windows. */
export const SideFrame = ({ children }: FrameProps) => (
  <div className="sticky top-0 hidden h-dvh flex-col gap-1 border-e border-line bg-surface px-3 py-4 lg:flex">
    {children}
  </div>
)

export const sideBrand = 'mb-4 flex items-center gap-2.5 rounded-md px-2 py-1.5'

/** The links of the navigation at the side. */
export const SideLinks = ({ children }: FrameProps) => (
  <nav aria-label={m.shell_navigation()} className="flex min-h-0 flex-1 flex-col gap-0.5 overflow-y-auto">
    {children}
  </nav>
)

export const sideLink =
  'flex min-h-10 items-center gap-3 rounded-md px-3 font-medium text-ink-2 hover:bg-raised hover:text-ink touch:min-h-11 data-[status=active]:bg-accent-soft data-[status=active]:text-accent'

/** The content of a link at the side, with a count at its end. */
export const SideLabel = ({ entry, children }: { entry: NavigationEntry; children?: ReactNode }) => (
  <>
    <entry.Icon aria-hidden="true" className="size-5 stroke-[1.9]" />
    <span className="min-w-0 flex-1 truncate">{entry.label()}</span>
    {children}
  </>
)

/** The navigation of narrow windows. */
export const BarFrame = ({ children }: FrameProps) => (
  <nav
    aria-label={m.shell_navigation()}
    className="fixed inset-x-0 bottom-0 z-30 flex h-16 border-t border-line bg-surface/95 px-1 backdrop-blur-md lg:hidden"
  >
    {children}
  </nav>
)

export const barLink =
  'relative flex min-w-0 flex-1 flex-col items-center justify-center gap-0.5 rounded-md text-xs font-medium text-ink-3 ' +
  'data-[status=active]:text-accent focus-visible:-outline-offset-2'

/** The content of a link in the bar, with a count at its icon. */
export const BarLabel = ({ entry, children }: { entry: NavigationEntry; children?: ReactNode }) => (
  <>
    <span className="relative">
      <entry.Icon aria-hidden="true" className="size-[1.4rem] stroke-[1.9]" />
      <span className="absolute -end-3.5 -top-2">{children}</span>
    </span>
    <span className="max-w-full truncate">{entry.label()}</span>
  </>
)

/** The last place of the bar, for the pages that have none of their own. */
export const MoreLabel = () => (
  <>
    <Ellipsis aria-hidden="true" className="size-[1.4rem]" />
    <span className="max-w-full truncate">{m.shell_more()}</span>
  </>
)
