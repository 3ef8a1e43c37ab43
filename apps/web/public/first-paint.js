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

  /** Shows the frame of the page until the page itself is there, of templates that the build has put into it (src/first-paint.tsx). */
  const showFrame = () => {
    const templates = [...document.querySelectorAll('template')]
    const languages = [read('muster-language') ?? '', ...navigator.languages, 'en'].map((tag) => tag.slice(0, 2))
    const language = languages.find((one) => one && templates.some(({ lang }) => lang === one))
    const copyOf = (name, inLanguage) =>
      templates.find(({ id, lang }) => id === name && lang === inLanguage)?.content.cloneNode(true)
    const path = location.pathname.replace(/(.)\/$/, '$1')
    const card = copyOf(path, language)
    const frame = card ? copyOf('public', '') : read('muster-signed-in') && copyOf('app', language)
    if (!frame) return false
    frame.querySelector('main').append(card ?? copyOf(`app${path}`, language) ?? copyOf('app-page', ''))
    for (const link of frame.querySelectorAll('a')) {
      const href = link.getAttribute('href')
      if (path === href || (href !== '/' && path.startsWith(`${href}/`))) link.dataset.status = 'active'
    }
    document.documentElement.lang = language
    document.getElementById('root').append(frame)
    return true
  }

  /** Runs the page's own scripts. The build names the first of them in this way, so that it loads beside the page; under Vite there is none. */
  const start = () => {
    const first = document.getElementById('first-module')
    if (first) import(first.href)
  }

  /** All of the page is there. Its scripts run after the frame was painted: before it, they would hold it up. A page in the background is not painted. */
  const onceThere = () => {
    const isFrameSeen = showFrame() && !document.hidden
    if (isFrameSeen) requestAnimationFrame(() => setTimeout(start))
    else start()
  }
  document.addEventListener('readystatechange', onceThere, { once: true })
}
