import { formats, type SlotFormat } from './formats.ts'

/**
 * A part of a compiled mail: fixed text; a slot; a section for when a slot has a value, or the value `is`; or a section that
 * repeats for each entry of a list.
 */
export type Segment =
  | string
  | { readonly slot: string; readonly as: SlotFormat }
  | { readonly when: string; readonly as: SlotFormat; readonly is?: string; readonly then: readonly Segment[] }
  | { readonly each: string; readonly then: readonly Segment[] }

/** A mail as `compile-templates.ts` writes it. */
export type CompiledTemplate = {
  readonly subject: readonly Segment[]
  readonly html: readonly Segment[]
  readonly text: readonly Segment[]
}

export type SlotValues = Readonly<Record<string, unknown>>

const htmlEntities: Record<string, string> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&#39;' }
const escapeHtml = (text: string) =>
  text.replace(/[&<>"']/g, (character) => htmlEntities[character] ?? '').replaceAll('\n', '<br/>')
const unchanged = (text: string) => text

/**
 * Fills the slots of a compiled mail by joining strings.
 * @param values by slot name; the HTML part gets them escaped, in text and in attributes
 * @param timezone IANA zone of formatted dates
 */
export function fill(template: CompiledTemplate, values: SlotValues, timezone: string) {
  const join = (segments: readonly Segment[], values: SlotValues, encode: (text: string) => string): string =>
    segments
      .map((segment) => {
        if (typeof segment === 'string') return segment
        if ('slot' in segment) return encode(formats[segment.as](values[segment.slot], timezone))
        if ('each' in segment) {
          const entries = values[segment.each] as readonly SlotValues[]
          return entries.map((entry) => join(segment.then, { ...values, ...entry }, encode)).join('')
        }
        const value = formats[segment.as](values[segment.when], timezone)
        const isShown = segment.is === undefined ? value !== '' : value === segment.is
        return isShown ? join(segment.then, values, encode) : ''
      })
      .join('')
  return {
    subject: join(template.subject, values, unchanged),
    html: join(template.html, values, escapeHtml),
    text: join(template.text, values, unchanged),
  }
}
