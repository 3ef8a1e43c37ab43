import { toPlainText } from '@react-email/render'

/** What html-to-text, which brings no types, hands to a formatter. */
type LinkElement = { attribs: { href: string }; children: unknown[] }
type TextBuilder = { addInline(text: string, options: { noWordTransform: boolean }): void }

const options: Parameters<typeof toPlainText>[1] = {
  formatters: {
    action(link: LinkElement, walk: (children: unknown[], builder: TextBuilder) => void, builder: TextBuilder) {
      walk(link.children, builder)
      builder.addInline(`: ${link.attribs.href}`, { noWordTransform: true })
    },
  },
  selectors: [
    { selector: 'h1', options: { uppercase: false } },
    { selector: 'h2', options: { uppercase: false } },
    // In angle brackets, so that what follows does not count as a part of the address (RFC 3986, appendix C).
    { selector: 'a', options: { linkBrackets: ['<', '>'] } },
    { selector: 'a.button', format: 'action' },
  ],
}

/** The text part of a mail, its slots and sections still open. Lines are left long: clients wrap them to fit. */
export function toText(html: string): string {
  return `${tidySections(toPlainText(html, options)).trim()}\n`
}

/** A section of paragraphs takes the empty line after it along, so that none is left when it is left out. */
const tidySections = (text: string) =>
  text
    .replace(/(⟦[?*][^⟧]*⟧)\n{2,}/g, '$1')
    .replace(/\n{2,}⟦\/⟧(?:\n*⟦\/⟧)*\n*/g, (ends) => `\n\n${ends.replaceAll('\n', '')}`)
