import type { ReactNode } from 'react'
import { useAuthConfig } from '../sign-in/auth-config.ts'
import { AppearanceSelects } from './appearance-selects.tsx'
import { Brand } from './brand.tsx'
import { DemoSign } from './demo-sign.tsx'

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

/** The frame of the pages for visitors: one card in the middle, with theme and language above it. */
export function PublicShell({ children }: { children: ReactNode }) {
  const isDemo = useAuthConfig().data?.isDemo
  return (
    <div className="relative isolate flex min-h-dvh flex-col overflow-clip">
      <Gathering />
      <header className="flex flex-wrap items-center justify-between gap-y-1 px-5 py-4 sm:px-8 sm:py-6">
        <span className="flex items-center gap-2.5">
          <Brand />
          {isDemo && <DemoSign />}
        </span>
        <AppearanceSelects />
      </header>
      <main className="flex flex-1 flex-col items-center px-4 pt-2 pb-12 sm:justify-center sm:pb-24">{children}</main>
    </div>
  )
}

export type PublicCardProps = {
  title: string
  text?: ReactNode
  icon?: ReactNode
  children?: ReactNode
  /** Stands below the card, such as the way to another page. */
  footer?: ReactNode
  width?: 'sm' | 'md' | undefined
}

/** The card of a page for visitors, with the title of the page. */
export function PublicCard({ title, text, icon, children, footer, width = 'sm' }: PublicCardProps) {
  return (
    <div className={width === 'sm' ? 'w-full max-w-[27rem]' : 'w-full max-w-[34rem]'}>
      <title>{`${title} · Muster`}</title>
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
