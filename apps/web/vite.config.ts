import { paraglideVitePlugin } from '@inlang/paraglide-js'
import tailwindcss from '@tailwindcss/vite'
import { tanstackRouter } from '@tanstack/router-plugin/vite'
import react from '@vitejs/plugin-react'
import { defineConfig } from 'vite'
import { firstPaint } from './first-paint.ts'
import { paraglide } from './paraglide.config.ts'
import { pluralRules } from './plural-rules.ts'
import { retryParts } from './retry-parts.ts'

/**
 * Modules of the first file. The page itself is among them, so that the helpers of the bundler are no file of their own. Those after the sign-in
 * are small parts that other pages for visitors share with the pages of signed-in users: as files of their own they were a request each.
 */
const first = [
  String.raw`index\.html|src.main\.tsx|src.lib.regional-language\.ts|src.features.(sign-in.login-form|shell.public-shell)\.tsx`,
  String.raw`src.ui.(avatar|copy-button)\.tsx|src.features.(shell.sign-out|invites.roles)\.ts|messages.(ui_(loading|copy|copied)|shell_sign_out|sign_in_resent|invites_role_\w+)\.`,
  String.raw`icons.(copy|download|key-round|mail|mail-check|mail-question-mark|x)\.`,
]

/** Features of the pages for visitors, of the tasks, of the chats and for operators, of which the other pages need little. */
const apart =
  'registration|passwords|sign-in|two-factor|reauthentication|tasks.(?!search)|chats|admin|audit|request-trace'

/** The files that several pages share, by their modules. A module belongs to the first group that names it, with its imports. */
const shared = [
  {
    name: 'registration',
    minShareCount: 2,
    test: /features.(registration|passwords)|messages.(registration|passwords)_|icons.(circle|unlink)\./,
  },
  {
    name: 'factors',
    minShareCount: 2,
    test: /features.(sign-in|two-factor)|messages.(sign_in|two_factor)_|icons.(printer|smartphone)\./,
  },
  // Modules of nearly all pages of signed-in users: the kit, reads, lists of people, words and icons.
  {
    name: 'kit',
    minShareCount: 2,
    test: new RegExp(
      `src.(ui.(?!time-chart|charts.time-plot)|lib)|features.(?!${apart})|tanstack|lucide|messages.(?!registration|passwords|sign_in|two_factor|reauth|tasks|chats|ops)`,
    ),
  },
  { name: 'account', test: /routes._app.account\.tsx\?|reauthentication.confirm|messages.reauthentication/ },
  { name: 'tasks', test: /routes._app.(tasks.index|tasks.\$taskId|calendar)\.tsx\?/ },
  { name: 'chats', test: /routes._app.chats(.index|.\$chatId)?\.tsx\?/ },
  {
    name: 'ops',
    minShareCount: 2,
    test: /features.(admin|audit|request-trace)|messages.ops_|src.ui.time-chart/,
  },
]

/** Begins the names of files that only pages for operators load. */
const partsOfOperators = 'assets/ops-'

export default defineConfig({
  plugins: [
    tanstackRouter({ target: 'react', autoCodeSplitting: true, generatedRouteTree: './src/route-tree.gen.ts' }),
    react(),
    tailwindcss(),
    paraglideVitePlugin(paraglide),
    pluralRules,
    retryParts,
    firstPaint,
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
        // Called by their hash alone: the first file lists them, and names do not compress as well as they read.
        chunkFileNames: ({ facadeModuleId, name }) =>
          name === 'app'
            ? 'assets/app-[hash:7].js'
            : `${facadeModuleId?.includes('/routes/_app/ops') ? partsOfOperators : 'assets/'}[hash:7].js`,
        // The first file has all that the sign-in needs, the second all that the frame and the first page of a signed-in user need besides: each
        // with whatever it imports. As files of their own, the shared parts were 40 more requests.
        codeSplitting: {
          groups: [
            { name: 'index', priority: 2, test: new RegExp(first.join('|')) },
            { name: 'app', priority: 1, test: /src.routes._app(.index)?\.tsx\?|(socket|engine)\.io-client/ },
            ...shared,
          ],
        },
      },
    },
  },
})
