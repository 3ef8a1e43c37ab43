import { join, resolve } from 'node:path'

export const root = resolve(import.meta.dirname, '../../..')
/** The sources of the pages. */
export const webFolder = join(root, 'apps/web')
/** Where the built pages are: the folder for WEB_ROOT. */
export const pagesFolder = join(webFolder, 'dist')
/** Where Vite puts files whose names have the hash of their content, below the folder of the pages. */
export const hashedFolder = 'assets'
