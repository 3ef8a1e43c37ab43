import packageJson from '../../../package.json' with { type: 'json' }

/** The release of the running code, from the package.json of the repository. */
export const { version } = packageJson
