import packageJson from '../../../package.json' with { type: 'json' }

/** The release that runs, as the root's package.json says it. */
export const { version } = packageJson
