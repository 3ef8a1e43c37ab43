import { compile } from '@inlang/paraglide-js'
import { paraglide } from './paraglide.config.ts'

/** Compiles the texts to functions as the build and Vite do, for the type check. */
await compile(paraglide)
