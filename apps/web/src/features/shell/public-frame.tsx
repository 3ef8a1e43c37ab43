import type { ReactNode } from 'react'

// The build renders what stands here for the first paint: it needs no browser, no router and no session.

/** Dots that gather towards the middle of the page, the name of the product as a picture. */
function Gathering() {
  const rings = [7, 12, 18, 25, 33]
  return (
    <svg
      viewBox="-500 -500 1000 1000"
      aria-hidden="true"
      className="pointer-events-none fixed start-1/2 top-1/2 -z-10 size-[max(150vw,90rem)] -translate-1/2 text-accent rtl:translate-x-1/2"
    >
      {rings.map((count, ring) =>
        Array.from({ length: count }, (_, index) => {
          const angle = ((index + ring * 0.37) / count) * Math.PI * 2
          const radius = 150 + ring * 78 + Math.sin(index * 2.4 + ring) * 22
          return (
            <circle
              key={`${ring}-${angle}`}
              cx={(Math.cos(angle) * radius).toFixed(1)}
              cy={(Math.sin(angle) * radius).toFixed(1)}
              r={(5.4 - ring * 0.72).toFixed(1)}
              className="fill-current"
              opacity={(0.15 - ring * 0.022).toFixed(3)}
            />
          )
        }),
      )}
    </svg>
  )
}

/** The frame of the pages for visitors: one card in the middle, and a line above it. */
export function PublicFrame({ header, children }: { header: ReactNode; children: ReactNode }) {
  return (
    <div className="relative isolate flex min-h-dvh flex-col overflow-clip">
      <Gathering />
      <header className="flex flex-wrap items-center justify-between gap-y-1 px-5 py-4 sm:px-8 sm:py-6">
        {header}
      </header>
      <main className="flex flex-1 flex-col items-center px-4 pt-2 pb-12 sm:justify-center sm:pb-24">{children}</main>
    </div>
  )
}

export type CardFrameProps = {
  title: ReactNode
  text?: ReactNode
  icon?: ReactNode
  children?: ReactNode
  /** Stands below the card, such as the way to another page. */
  footer?: ReactNode
  width?: 'sm' | 'md' | undefined
}

/** The card of a page for visitors. The title of the tab is set by `PublicCard`. */
export function CardFrame({ title, text, icon, children, footer, width = 'sm' }: CardFrameProps) {
  return (
    <div className={width === 'sm' ? 'w-full max-w-[27rem]' : 'w-full max-w-[34rem]'}>
      <div className="rounded-2xl border border-line bg-surface p-6 shadow-lg sm:p-9">
        {icon !== undefined && (
          <span
            aria-hidden="true"
            className="mb-5 grid size-13 place-items-center rounded-xl bg-accent-soft text-accent [&_svg]:size-6"
          >
            {icon}
          </span>
        )}
        <h1 className="text-2xl sm:text-[1.75rem]">{title}</h1>
        {text !== undefined && <div className="mt-2 text-ink-2">{text}</div>}
        {children !== undefined && <div className="mt-7">{children}</div>}
      </div>
      {footer !== undefined && <div className="mt-6 text-center text-ink-2">{footer}</div>}
    </div>
  )
}

/** The card of a page for visitors, with the title of the page. */
export const PublicCard = ({ title, ...props }: CardFrameProps & { title: string }) => (
  <>
    <title>{`${title} · Muster`}</title>
    <CardFrame title={title} {...props} />
  </>
)
