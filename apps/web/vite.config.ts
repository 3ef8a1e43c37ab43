import { paraglideVitePlugin } from '@inlang/paraglide-js'
import tailwindcss from '@tailwindcss/vite'
import { tanstackRouter } from '@tanstack/router-plugin/vite'
import react from '@vitejs/plugin-react'
import { defineConfig } from 'vite'
import { paraglide } from './paraglide.config.ts'
import { retryParts } from './retry-parts.ts'

/** Modules of the first file. Those after the sign-in are small parts that other pages for visitors share with the pages of signed-in users. */
const first = [
  String.raw`rolldown.runtime|src.main\.tsx|src.features.sign-in.login-form\.tsx`,
  String.raw`src.ui.avatar\.tsx|src.features.shell.sign-out\.ts|icons.x\.|messages.(ui_loading|shell_sign_out|sign_in_resent)\.`,
]

/** Begins the names of files that only pages for operators load. */
const partsOfOperators = 'assets/ops-'

export default defineConfig({
  plugins: [
    tanstackRouter({ target: 'react', autoCodeSplitting: true, generatedRouteTree: './src/route-tree.gen.ts' }),
    react(),
    tailwindcss(),
    paraglideVitePlugin(paraglide),
    retryParts,
  ],
  build: {
    target: 'es2023',
    // The Content-Security-Policy allows neither scripts nor styles inside of the page.
    modulePreload: {
      polyfill: false,
      // The first file names what each part of the pages needs besides, so that all of it loads at once. The pages for operators find theirs
      // one step later instead: their names were 1 kB for every visitor.
      resolveDependencies: (file, needed) => (file.startsWith(partsOfOperators) ? [] : needed),
    },
    assetsInlineLimit: 0,
    rolldownOptions: {
      output: {
        // Shared parts are called by their hash alone: the first file lists them, and names do not compress as well as they read.
        chunkFileNames: ({ facadeModuleId, name }) => {
          const folder = facadeModuleId?.includes('/routes/_app/ops') ? partsOfOperators : 'assets/'
          return facadeModuleId || name === 'app' || name === 'index'
            ? `${folder}[name]-[hash:7].js`
            : `${folder}[hash].js`
        },
        // The first file has all that the sign-in needs, the second all that the frame and the first page of a signed-in user need besides: each
        // with whatever it imports. As files of their own, the shared parts were 40 more requests.
        codeSplitting: {
          groups: [
            { name: 'index', priority: 2, test: new RegExp(first.join('|')) },
            { name: 'app', priority: 1, test: /src.routes._app(.index)?\.tsx\?/ },
          ],
        },
      },
    },
  },
})
