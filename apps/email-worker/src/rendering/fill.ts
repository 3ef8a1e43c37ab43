import { formats, type SlotFormat } from './formats.ts'

/**
 * A piece of a compiled mail: fixed text, a slot, a section that depends on a slot having a value, or the value `is`, or
 * one that is repeated for each entry of a list, whose own slots it sees first.
 */
export type Segment =
  | string
  | { readonly slot: string; readonly as: SlotFormat }
  | { readonly when: string; readonly as: SlotFormat; readonly is?: string; readonly then: readonly Segment[] }
  | { readonly each: string; readonly then: readonly Segment[] }

/** A mail as the build left it. */
export type CompiledTemplate = {
  readonly subject: readonly Segment[]
  readonly html: readonly Segment[]
  readonly text: readonly Segment[]
}

export type SlotValues = Readonly<Record<string, unknown>>

const htmlEntities: Record<string, string> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&#39;' }
const escapeHtml = (text: string) =>
  text.replace(/[&<>"']/g, (character) => htmlEntities[character] ?? '').replaceAll('\n', '<br/>')
const asItIs = (text: string) => text

/**
 * Puts values into a compiled mail: nothing is rendered, only strings are joined.
 * @param values by slot name; in the HTML part each is escaped, in text and attributes alike
 * @param timezone IANA zone in which dates are written
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
        const isMeant = segment.is === undefined ? value !== '' : value === segment.is
        return isMeant ? join(segment.then, values, encode) : ''
      })
      .join('')
  return {
    subject: join(template.subject, values, asItIs),
    html: join(template.html, values, escapeHtml),
    text: join(template.text, values, asItIs),
  }
}
