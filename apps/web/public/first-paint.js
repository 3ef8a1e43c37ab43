// Runs before the first paint, as a file: the Content-Security-Policy allows no script inside of the page.
{
  // The keys are those of src/lib/theme.ts, src/lib/session.ts and paraglide.config.ts.
  const read = (key) => {
    try {
      return localStorage.getItem(key)
    } catch {
      // Without storage the browser's own settings decide.
      return null
    }
  }

  const theme = read('muster-theme')
  const isDark = theme === 'dark' || (theme !== 'light' && matchMedia('(prefers-color-scheme: dark)').matches)
  document.documentElement.dataset.theme = isDark ? 'dark' : 'light'

  /** Returns a copy of a template that the build has put into the page (src/first-paint.tsx). */
  const copyOf = (selector) => document.querySelector(`template${selector}`)?.content.cloneNode(true)

  /** Shows the frame of the page until the page itself is there. */
  const showFrame = () => {
    const wanted = [read('muster-language'), ...navigator.languages.map((tag) => tag.split('-')[0]), 'en']
    const language = wanted.find((one) => one && document.querySelector(`template[lang="${CSS.escape(one)}"]`))
    const path = location.pathname.replace(/(.)\/$/, '$1')
    const card = copyOf(`[data-card="${CSS.escape(path)}"][lang="${language}"]`)
    const frame = card
      ? copyOf('[data-frame="public"]')
      : read('muster-signed-in') && copyOf(`[data-frame="app"][lang="${language}"]`)
    if (!frame) return
    if (card) frame.querySelector('main').append(card)
    for (const link of frame.querySelectorAll('a[href]')) {
      const href = link.getAttribute('href')
      if (path === href || (href !== '/' && path.startsWith(`${href}/`))) link.dataset.status = 'active'
    }
    document.documentElement.lang = language
    document.getElementById('root').append(frame)
  }
  // All of the page is there, and no script of its own has run yet.
  document.addEventListener('readystatechange', showFrame, { once: true })
}
