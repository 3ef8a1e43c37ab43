import type { ReactNode } from 'react'
import type { SlotFormat } from '../../rendering/formats.ts'

/** Returns a placeholder for a value of the mail's data; works in text, in subjects and inside URLs. */
export const slot = (name: string, as: SlotFormat = 'line') => `⟦${name}|${as}⟧`

/** Renders text that a user wrote within a sentence, in its own direction of writing: Hebrew and Arabic from right to left. */
export const Written = ({ slot: name, as = 'line' }: { slot: string; as?: SlotFormat }) => (
  <span dir="auto">{slot(name, as)}</span>
)

type WhenProps = {
  has: string
  as?: SlotFormat
  /** Render the children for this value only. */
  is?: string
  children: ReactNode
}

/** Renders its children only when the slot has a value; `false`, absent and empty do not count as a value. */
export function When({ has, as = 'line', is, children }: WhenProps) {
  return (
    <>
      {`⟦?${has}|${as}${is ? `=${is}` : ''}⟧`}
      {children}
      {'⟦/⟧'}
    </>
  )
}

/** {@link When} for plain text, such as a subject or an attribute. */
export const when = (has: string, as: SlotFormat, wording: string) => `⟦?${has}|${as}⟧${wording}⟦/⟧`

/** Renders its children once for each entry of a list. A slot refers to the entry's field first, then to the mail's. */
export function Each({ of, children }: { of: string; children: ReactNode }) {
  return (
    <>
      {`⟦*${of}⟧`}
      {children}
      {'⟦/⟧'}
    </>
  )
}

/** Returns a different text for each value of a slot; works wherever {@link slot} does. */
export const choice = (name: string, wordings: Record<string, string>) =>
  Object.entries(wordings)
    .map(([value, wording]) => `⟦?${name}|line=${value}⟧${wording}⟦/⟧`)
    .join('')
