// Runs before the first paint, as a file: the Content-Security-Policy allows no script inside of the page.
let theme = null
try {
  theme = localStorage.getItem('muster-theme')
} catch {
  // Without storage the system decides.
}
const isDark = theme === 'dark' || (theme !== 'light' && matchMedia('(prefers-color-scheme: dark)').matches)
document.documentElement.dataset.theme = isDark ? 'dark' : 'light'
