import { createHash } from 'node:crypto'
import { existsSync, readFileSync } from 'node:fs'
import { Marked } from 'marked'

/** The guides for front-end developers, by their names in addresses, as paths below `docs/`. */
export const guideFiles: Record<string, string> = {
  use: 'use.md',
  realtime: 'realtime.md',
  'sign-in': 'security/sign-in.md',
  permissions: 'permissions.md',
  glossary: 'glossary.md',
}

/** The bundle has a copy of the guides beside it; the sources read those of the repository. */
const folders = [new URL('guides/', import.meta.url), new URL('../../../../docs/', import.meta.url)]

const style = `
:root { color-scheme: light dark; font: 17px/1.6 system-ui, sans-serif; }
body { max-width: 46rem; margin: 0 auto; padding: 1rem; }
table { border-collapse: collapse; display: block; overflow-x: auto; }
td, th { border: 1px solid #8886; padding: 0.3rem 0.6rem; text-align: left; vertical-align: top; }
code { font: 0.88em ui-monospace, monospace; background: #8882; border-radius: 4px; padding: 0.1em 0.3em; }
pre { background: #8882; border-radius: 8px; padding: 0.8rem; overflow-x: auto; }
pre code { background: none; padding: 0; }`

/** Names the hash of the pages' style, for their Content-Security-Policy. */
export const guideStyleSource = `'sha256-${createHash('sha256').update(style).digest('base64')}'`

/** Renders a guide as a page; undefined when there is none of this name. */
export function renderGuide(name: string): string | undefined {
  const file = Object.hasOwn(guideFiles, name) ? guideFiles[name] : undefined
  return file && page(markdown().parse(readGuide(file), { async: false }))
}

function readGuide(file: string): string {
  const folder = folders.find((one) => existsSync(new URL(file, one)))
  if (!folder) throw new Error(`The guide ${file} is missing.`)
  return readFileSync(new URL(file, folder), 'utf8')
}

/** Creates the renderer: headings have ids, and links to other guides lead to their pages; what is not served is not linked. */
const markdown = () =>
  new Marked({
    renderer: {
      heading({ tokens, depth, text }) {
        const id = text.toLowerCase().replace(/[^\p{L}\p{N}]+/gu, '-')
        return `<h${depth} id="${id}">${this.parser.parseInline(tokens)}</h${depth}>`
      },
      link({ href, tokens }) {
        const text = this.parser.parseInline(tokens)
        const address = addressOf(href)
        return address ? `<a href="${address}">${text}</a>` : text
      },
    },
  })

function addressOf(href: string): string | undefined {
  if (/^(https?:|#)/.test(href)) return href
  const [path = '', fragment] = href.split('#')
  const name = Object.keys(guideFiles).find((one) => guideFiles[one]?.split('/').at(-1) === path.split('/').at(-1))
  return name && `/docs/guides/${name}${fragment ? `#${fragment}` : ''}`
}

const page = (content: string) => `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Muster</title>
<style>${style}</style>
</head>
<body><nav><a href="/docs">Reference</a></nav><main>${content}</main></body>
</html>
`
