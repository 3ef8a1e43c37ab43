import { createContext, type ReactNode, use } from 'react'
import { cx } from './cx.ts'

type FrameProps = {
  title: ReactNode
  /** Stands under the title. */
  description?: ReactNode
  /** Stand at the end of the title's line. */
  actions?: ReactNode
  children: ReactNode
  width?: 'narrow' | 'wide' | 'full' | undefined
  /** Keeps the title for assistive technology alone, where the page shows its own. */
  isTitleHidden?: boolean | undefined
}

export type PageProps = FrameProps & {
  title: string
  /** The name of the tab, when it should say more than the title. */
  tabTitle?: string | undefined
}

const widths = { narrow: 'max-w-3xl', wide: 'max-w-6xl', full: 'max-w-none' }

/** How much is unread, which the name of the tab begins with. */
export const UnreadCount = createContext(0)

/** A page of the app: its title, actions and content. `full` has no margin of its own, for views that scroll by themselves. */
export function Page({ tabTitle, ...frame }: PageProps) {
  const unread = use(UnreadCount)
  return (
    <>
      <title>{`${unread > 0 ? `(${unread}) ` : ''}${tabTitle ?? frame.title} · Muster`}</title>
      <PageFrame {...frame} />
    </>
  )
}

/** A page without the name of the tab. The build renders it for the first paint: it needs no browser, no router and no session. */
export function PageFrame({ title, description, actions, children, width = 'wide', isTitleHidden }: FrameProps) {
  const heading = (
    <div className="min-w-0">
      <h1 className="text-[1.75rem] leading-tight sm:text-3xl">{title}</h1>
      {description && <p className="mt-1.5 text-ink-2">{description}</p>}
    </div>
  )
  return (
    <div
      // The shell gives such a page the height that is left.
      data-full-page={width === 'full' ? '' : undefined}
      className={cx(
        'mx-auto w-full',
        widths[width],
        width === 'full' ? 'flex min-h-0 flex-1 flex-col' : 'px-4 py-6 sm:px-8 sm:py-10',
      )}
    >
      {isTitleHidden ? (
        <h1 className="sr-only">{title}</h1>
      ) : (
        <header
          className={cx(
            'flex flex-wrap items-end justify-between gap-x-6 gap-y-3',
            width === 'full' ? 'px-4 pt-5 pb-4 sm:px-6' : 'mb-6 sm:mb-8',
          )}
        >
          {heading}
          {actions !== undefined && <div className="flex flex-wrap items-center gap-2">{actions}</div>}
        </header>
      )}
      {children}
    </div>
  )
}
