import type { ReactNode } from 'react'
import { useAuthConfig } from '../sign-in/auth-config.ts'
import { AppearanceSelects } from './appearance-selects.tsx'
import { Brand } from './brand.tsx'
import { DemoSign } from './demo-sign.tsx'
import { PublicFrame } from './public-frame.tsx'

/** The frame of the pages for visitors, with the choice of theme and language. */
export function PublicShell({ children }: { children: ReactNode }) {
  const isDemo = useAuthConfig().data?.isDemo
  return (
    <PublicFrame
      header={
        <>
          <span className="flex items-center gap-2.5">
            <Brand />
            {isDemo && <DemoSign />}
          </span>
          <AppearanceSelects />
        </>
      }
    >
      {children}
    </PublicFrame>
  )
}
