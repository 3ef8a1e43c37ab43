/** The style of all pages. Their Content-Security-Policy contains its hash. */
export const style = `
:root { color-scheme: light dark; font: 17px/1.5 system-ui, sans-serif; }
body { display: grid; place-items: center; min-height: 90vh; margin: 0; padding: 1rem; text-align: center; }
button { font: inherit; font-weight: 600; padding: 0.7rem 1.4rem; border: 0; border-radius: 8px; background: #2f57c8; color: #fff; }`

const page = (title: string, content: string) => `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${title} – Muster</title>
<style>${style}</style>
</head>
<body><main><h1>${title}</h1>${content}</main></body>
</html>
`

/** The words of the pages of one kind of mails. */
export type PageWords = { title: string; question: string; done: string }

/** Renders the page that asks whether to turn off these mails. Its button posts the token to the same path. */
export const askPage = ({ title, question }: PageWords, token: string) =>
  page(
    title,
    `<p>${question}</p>
<form method="post" action="?token=${encodeURIComponent(token).replaceAll("'", '%27')}"><button>Turn them off</button></form>`,
  )

export const donePage = ({ title, done }: PageWords) =>
  page(title, `<p>${done} You can turn them on again in your preferences.</p>`)

export const wrongLinkPage = page(
  'Mails from Muster',
  '<p>This link is not valid. Use the link in your newest mail, or turn these mails off in your preferences.</p>',
)
