import type { ReactNode } from 'react'
import type { SlotFormat } from '../../rendering/formats.ts'

/** Marks where a value goes when the mail is sent; usable in text, in a subject and inside an address. */
export const slot = (name: string, as: SlotFormat = 'line') => `⟦${name}|${as}⟧`

type WhenProps = {
  has: string
  as?: SlotFormat
  /** Only this value counts. */
  is?: string
  children: ReactNode
}

/** What stands between only goes out when the slot has a value (`false`, absent and empty are none). */
export function When({ has, as = 'line', is, children }: WhenProps) {
  return (
    <>
      {`⟦?${has}|${as}${is ? `=${is}` : ''}⟧`}
      {children}
      {'⟦/⟧'}
    </>
  )
}

/** {@link When} for where only text can stand. */
export const when = (has: string, as: SlotFormat, wording: string) => `⟦?${has}|${as}⟧${wording}⟦/⟧`

/** What stands between goes out once for each entry of a list of the data; the slots of the entry come before the mail's own. */
export function Each({ of, children }: { of: string; children: ReactNode }) {
  return (
    <>
      {`⟦*${of}⟧`}
      {children}
      {'⟦/⟧'}
    </>
  )
}

/** The wording for each value that a slot may have; usable wherever {@link slot} is. */
export const choice = (name: string, wordings: Record<string, string>) =>
  Object.entries(wordings)
    .map(([value, wording]) => `⟦?${name}|line=${value}⟧${wording}⟦/⟧`)
    .join('')
