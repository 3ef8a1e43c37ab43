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

/** Renders the page that asks whether to turn off the morning digest. Its button posts the token to the same path. */
export const askPage = (token: string) =>
  page(
    'Morning digest',
    `<p>Do you want to stop the morning digest?</p>
<form method="post" action="?token=${encodeURIComponent(token).replaceAll("'", '%27')}"><button>Turn it off</button></form>`,
  )

export const donePage = page(
  'Morning digest',
  '<p>The morning digest is turned off. You can turn it on again in your preferences.</p>',
)

export const wrongLinkPage = page(
  'Morning digest',
  '<p>This link is not valid. Use the link in your newest digest, or turn the digest off in your preferences.</p>',
)
