import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { minify, type Plugin, runnerImport } from 'vite'

/** The script that shows the frames. Vite copies what is public as it is. */
const script = 'first-paint.js'

const firstModule = /<script type="module" crossorigin src="([^"]*)"><\/script>/
/** The style sheet and the script that shows the frame load first. That script also runs the first module. */
const preload = '<link id="first-module" rel="modulepreload" fetchpriority="low" crossorigin href="$1">'

/** Puts the frames of the pages into the built page, so that there is something to see before its scripts have loaded. */
export const firstPaint: Plugin = {
  name: 'muster:first-paint',
  apply: 'build',
  async writeBundle({ dir = '' }) {
    const file = join(dir, script)
    const { code } = await minify(script, await readFile(file, 'utf8'))
    await writeFile(file, code)
  },
  transformIndexHtml: {
    order: 'post',
    async handler(html) {
      const { module } = await runnerImport<{ frames(): string }>(join(import.meta.dirname, 'src/first-paint.tsx'), {
        configFile: false,
        root: import.meta.dirname,
        logLevel: 'error',
      })
      if (!firstModule.test(html))
        throw new Error('Vite names the first module in another way than first-paint.ts knows.')
      return html.replace(firstModule, preload).replace('</body>', () => `${module.frames()}</body>`)
    },
  },
}
