import type { ReactNode } from 'react'
import { renderToStaticMarkup } from 'react-dom/server'
import { accountFormHeights } from './features/registration/account-form-skeleton.tsx'
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
} from './features/shell/app-frame.tsx'
import { Brand } from './features/shell/brand.tsx'
import { pages } from './features/shell/navigation.ts'
import { CardFrame, PublicFrame } from './features/shell/public-frame.tsx'
import { m } from './paraglide/messages.js'
import { locales, overwriteGetLocale } from './paraglide/runtime.js'
import { PageFrame, type PageProps } from './ui/page.tsx'
import { Skeleton } from './ui/skeleton.tsx'

// The build runs this module (first-paint.ts); no page imports it.

type PublicPage = {
  title?: () => string
  text?: () => string
  /** The way to another page, with the text before it. */
  way?: { text?: () => string; label: () => string; href: string }
  /** Of what loads below the text. */
  heights: string[]
  isWide?: boolean
}

/** The pages for visitors, with the texts that do not depend on anything. */
const publicPages: Record<string, PublicPage> = {
  '/login': {
    ...{ title: m.sign_in_title, text: m.sign_in_text },
    way: { text: m.sign_in_no_account, label: m.sign_in_register, href: '/register' },
    heights: ['h-12', 'h-[4.6rem]', 'h-[4.6rem]', 'h-12'],
  },
  '/login/code': { heights: ['h-[4.6rem]', 'h-12'] },
  '/register': {
    ...{ title: m.registration_title, text: m.registration_text },
    way: { text: m.registration_has_account, label: m.sign_in_submit, href: '/login' },
    heights: accountFormHeights,
  },
  '/register/code': { heights: ['h-[4.6rem]', 'h-12'] },
  '/forgot-password': {
    ...{ title: m.passwords_forgot_title, text: m.passwords_forgot_text },
    way: { label: m.passwords_back, href: '/login' },
    heights: ['h-[4.6rem]', 'h-12'],
  },
  '/reset-password': { heights: ['h-[11rem]', 'h-12'] },
  '/accept-invite': { heights: ['h-[11rem]', 'h-12'], isWide: true },
  '/setup-factor': { heights: ['h-[11rem]', 'h-12'], isWide: true },
}

function FirstCard({ title, text, way, heights, isWide = false }: PublicPage) {
  const footer = way && (
    <>
      {way.text?.()}{' '}
      <a href={way.href} className="link">
        {way.label()}
      </a>
    </>
  )
  return (
    <CardFrame
      {...{ footer, text: text?.(), width: isWide ? 'md' : 'sm' }}
      title={title?.() ?? <Skeleton className="h-8 w-3/5" />}
    >
      <div className="flex flex-col gap-5">
        {heights.map((height, index) => (
          <Skeleton key={index} className={height} />
        ))}
      </div>
    </CardFrame>
  )
}

type AppPage = {
  title?: () => string
  /** `null` for one that depends on the data of the page. */
  text?: (() => string) | null
  width?: PageProps['width']
}

const ofAccount: AppPage = { title: m.shell_account, width: 'narrow' }

/** The pages of the app, with the titles and texts that do not depend on anything. */
const appPages: Record<string, AppPage> = {
  '/': { title: m.shell_today, text: null },
  '/tasks': { title: m.shell_tasks, width: 'full' },
  '/calendar': { text: null },
  '/inbox': { title: m.shell_inbox, width: 'narrow' },
  '/analytics': { title: m.shell_analytics, text: m.analytics_description },
  '/people': { title: m.shell_people, width: 'narrow' },
  '/organization': { text: null, width: 'narrow' },
  '/account/profile': ofAccount,
  '/account/security': ofAccount,
  '/account/sessions': ofAccount,
  '/account/notifications': ofAccount,
  '/account/privacy': ofAccount,
  '/account/data': ofAccount,
  '/ops': { title: m.ops_queues_title, text: null },
  '/ops/people': { title: m.ops_people_title, text: m.ops_people_text },
  '/ops/organizations': { title: m.ops_people_organizations, text: m.ops_people_organizations_text },
  '/ops/invites': { title: m.invites_invitations, text: m.ops_people_invites_text },
  '/ops/mails': { title: m.ops_mails_title, text: m.ops_mails_audited },
  '/ops/audit': { title: m.ops_audit_title },
  '/ops/trace': { title: m.ops_trace_title, text: m.ops_trace_text, width: 'narrow' },
}

/** A page of the app: its title and text, and the place of its content. */
const FirstPage = ({ title, text, width }: AppPage) => (
  <PageFrame
    {...{ width }}
    title={title?.() ?? <Skeleton className="h-9 w-48" />}
    description={text === null ? <Skeleton className="h-5 w-40" /> : text?.()}
  >
    <div className={width === 'full' ? 'flex flex-col gap-6 px-4 sm:px-6' : 'flex flex-col gap-6'}>
      <Skeleton className="h-40" />
      <Skeleton className="h-40" />
    </div>
  </PageFrame>
)

const FirstOfApp = () => (
  <AppFrame>
    <SideFrame>
      <a href="/" className={sideBrand}>
        <Brand />
      </a>
      <SideLinks>
        {pages.map((entry) => (
          <a key={entry.href} href={entry.href} className={sideLink}>
            <SideLabel entry={entry} />
          </a>
        ))}
      </SideLinks>
    </SideFrame>
    <main className="min-w-0 pb-(--bottom-bar)" />
    <BarFrame>
      {pages
        .filter(({ isInBar }) => isInBar)
        .map((entry) => (
          <a key={entry.href} href={entry.href} className={barLink}>
            <BarLabel entry={entry} />
          </a>
        ))}
      <span className={barLink}>
        <MoreLabel />
      </span>
    </BarFrame>
  </AppFrame>
)

const template = (attributes: string, content: ReactNode) =>
  `<template ${attributes}>${renderToStaticMarkup(content)}</template>`

/**
 * Returns templates of HTML, of which public/first-paint.js chooses: the frame of pages for visitors, what other pages of the app begin with, and,
 * for each language, the frame of the app, the title of its pages and the card of each page for visitors.
 */
export function frames(): string {
  const perLanguage = locales.flatMap((lang) => {
    overwriteGetLocale(() => lang)
    return [
      template(`id="app" lang="${lang}"`, <FirstOfApp />),
      ...Object.entries(appPages).map(([path, page]) =>
        template(`id="app${path}" lang="${lang}"`, <FirstPage {...page} />),
      ),
      ...Object.entries(publicPages).map(([path, page]) =>
        template(`id="${path}" lang="${lang}"`, <FirstCard {...page} />),
      ),
    ]
  })
  const ofAll = [
    template('id="public"', <PublicFrame header={<Brand />}>{null}</PublicFrame>),
    template('id="app-page"', <FirstPage />),
  ]
  return [...ofAll, ...perLanguage].join('\n')
}
