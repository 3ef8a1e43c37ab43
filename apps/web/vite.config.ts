import { paraglideVitePlugin } from '@inlang/paraglide-js'
import tailwindcss from '@tailwindcss/vite'
import { tanstackRouter } from '@tanstack/router-plugin/vite'
import react from '@vitejs/plugin-react'
import { defineConfig } from 'vite'
import { paraglide } from './paraglide.config.ts'

export default defineConfig({
  plugins: [
    tanstackRouter({ target: 'react', autoCodeSplitting: true, generatedRouteTree: './src/route-tree.gen.ts' }),
    react(),
    tailwindcss(),
    paraglideVitePlugin(paraglide),
  ],
  build: {
    target: 'es2023',
    // The Content-Security-Policy allows neither scripts nor styles inside of the page.
    modulePreload: { polyfill: false },
    assetsInlineLimit: 0,
    rolldownOptions: {
      output: {
        // What nearly all routes share comes with the first file: as files of their own, these parts were 20 more requests.
        codeSplitting: { groups: [{ name: 'shared', minShareCount: 14 }] },
      },
    },
  },
})
