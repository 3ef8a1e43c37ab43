import { rm } from 'node:fs/promises'
import { build } from 'esbuild'

/**
 * Run inside an app's folder: bundles src/main.ts with the workspace's own packages into dist/main.js; packages from
 * the registry stay imports.
 */
await rm('dist', { recursive: true, force: true })
await build({
  entryPoints: ['src/main.ts'],
  outfile: 'dist/main.js',
  bundle: true,
  platform: 'node',
  target: 'node26',
  format: 'esm',
  sourcemap: true,
  plugins: [
    {
      name: 'registry-packages-stay-imports',
      setup: ({ onResolve }) =>
        onResolve({ filter: /^[^./]/ }, ({ path, kind }) =>
          kind === 'entry-point' || path.startsWith('@muster/') ? undefined : { path, external: true },
        ),
    },
  ],
  logLevel: 'warning',
})
