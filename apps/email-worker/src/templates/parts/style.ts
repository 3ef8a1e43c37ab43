export const font = "-apple-system, 'Segoe UI', Roboto, 'Helvetica Neue', Arial, sans-serif"

export const color = {
  page: '#f3f4f7',
  card: '#ffffff',
  ink: '#1b2230',
  muted: '#59626f',
  accent: '#2f57c8',
  onAccent: '#ffffff',
  panel: '#eef2fc',
} as const

/** Text colours of task priorities. */
export const priorityColor = { high: '#b3261e', medium: '#855600', low: '#2b6a3c' } as const

/** Dark colours. Each pair of text and background has a contrast of at least 4.5 : 1 (WCAG 2.2, 1.4.3). */
export const darkCss = `
:root { color-scheme: light dark; supported-color-schemes: light dark; }
@media (prefers-color-scheme: dark) {
  .page, .page > table > tbody > tr > td { background-color: #13161b !important; }
  .card { background-color: #1e232b !important; }
  .ink { color: #e9ecf1 !important; }
  .muted { color: #a7b0bd !important; }
  .brand, .link { color: #9db6ff !important; }
  .panel { background-color: #2a3242 !important; color: #ffffff !important; }
  .high { color: #ff9d96 !important; }
  .medium { color: #f0c068 !important; }
  .low { color: #8fd0a0 !important; }
  .button { background-color: #3d68de !important; color: #ffffff !important; }
}
@media (max-width: 480px) {
  .card { padding: 22px 18px 8px !important; }
}`
