import type { ReactNode } from 'react'
import type { SlotFormat } from '../formats.ts'

/** Marks where a value goes when the mail is sent; usable in text, in a subject and inside an address. */
export const slot = (name: string, as: SlotFormat = 'line') => `⟦${name}|${as}⟧`

/** What stands between only goes out when the slot has a value (`false`, absent and empty are none). */
export function When({ has, as = 'line', children }: { has: string; as?: SlotFormat; children: ReactNode }) {
  return (
    <>
      {`⟦?${has}|${as}⟧`}
      {children}
      {'⟦/⟧'}
    </>
  )
}
