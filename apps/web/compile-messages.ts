import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { compile } from '@inlang/paraglide-js'
import { paraglide } from './paraglide.config.ts'

/** Compiles the texts to functions before the tests, in a process of its own, because the compiler keeps a process from ending by itself. */
export async function setup(): Promise<void> {
  await promisify(execFile)(process.execPath, [import.meta.filename])
}

// As the build and Vite do, for the type check.
if (import.meta.main) {
  await compile(paraglide)
  process.exit()
}
