import { toPlainText } from '@react-email/render'

/** Types of html-to-text's formatter arguments; the package has none. */
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
    // In angle brackets, so that following punctuation does not become a part of the URL (RFC 3986, appendix C).
    { selector: 'a', options: { linkBrackets: ['<', '>'] } },
    { selector: 'a.button', format: 'action' },
  ],
}

/** Converts HTML with slots to the plain text part of a mail, which keeps the slots. Lines stay long, because clients wrap them. */
export function toText(html: string): string {
  return `${tidySections(toPlainText(html, options)).trim()}\n`
}

/** Moves the empty line after a section into the section, so that an omitted section leaves no gap. */
const tidySections = (text: string) =>
  text
    .replace(/(⟦[?*][^⟧]*⟧)\n{2,}/g, '$1')
    .replace(/\n{2,}⟦\/⟧(?:\n*⟦\/⟧)*\n*/g, (ends) => `\n\n${ends.replaceAll('\n', '')}`)
