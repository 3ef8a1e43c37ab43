const api = 'apps/api/src/'
const areas = ['http', 'sql', 'plugins', 'realtime', 'cli'] as const

/** Where in the API a file lies. `root` is the composition root: app.ts, deps.ts, main.ts and what stands beside them. */
export type Place = { area: 'module'; module: string } | { area: (typeof areas)[number] | 'root' }

/** Undefined for a file of another app or package. */
export function placeOf(file: string): Place | undefined {
  if (!file.startsWith(api)) return
  const [area, module] = file.slice(api.length).split('/')
  if (area === 'modules' && module) return { area: 'module', module }
  return { area: areas.find((name) => name === area) ?? 'root' }
}

/** Tests and what only tests use: `*.test.ts` and everything in a folder named `testing`. */
export const isTestFile = (file: string) => /\.test\.tsx?$|\/testing\//.test(file)
