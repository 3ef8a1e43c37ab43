/** The files of the bundle, and the sources that they are made of. */
export const sources = {
  api: 'apps/api/src/main.ts',
  'email-worker': 'apps/email-worker/src/main.ts',
  'audit-worker': 'apps/audit-worker/src/main.ts',
  'reminder-worker': 'apps/reminder-worker/src/main.ts',
  'image-worker': 'apps/image-worker/src/main.ts',
  all: 'packages/launcher/src/all/main.ts',
  cli: 'apps/api/src/cli/main.ts',
  migrate: 'packages/db-cli/src/main.ts',
  muster: 'packages/launcher/src/main.ts',
} as const

export type Entry = keyof typeof sources

/** Returns the file to run: of the bundle where this module is part of it, else the source. */
export const entryFile = (entry: Entry): URL =>
  import.meta.url.endsWith('.ts')
    ? new URL(`../../../${sources[entry]}`, import.meta.url)
    : new URL(`./${entry}.js`, import.meta.url)
