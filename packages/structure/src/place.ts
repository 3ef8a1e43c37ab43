const api = 'apps/api/src/'
const areas = ['http', 'sql', 'plugins', 'realtime', 'cli'] as const

/** The area of the API that contains a file. `root` is the composition root: app.ts, deps.ts, main.ts and siblings. */
export type Place = { area: 'module'; module: string } | { area: (typeof areas)[number] | 'root' }

/** Returns the area of a file; undefined for a file of another app or package. */
export function placeOf(file: string): Place | undefined {
  if (!file.startsWith(api)) return
  const [area, module] = file.slice(api.length).split('/')
  if (area === 'modules' && module) return { area: 'module', module }
  return { area: areas.find((name) => name === area) ?? 'root' }
}

/** Tells whether a file is a test (`*.test.ts`) or test support (in a folder named `testing`). */
export const isTestFile = (file: string) => /\.test\.tsx?$|\/testing\//.test(file)
