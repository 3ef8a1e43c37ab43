import type { Rule } from '../violation.ts'

const needed = ['check', 'test']

/** Refuses a package that turbo would pass over: each has the scripts `check` and `test`. */
export const scripts: Rule = ({ workspace }) =>
  workspace.flatMap(({ folder, scripts }) => {
    const missing = needed.filter((name) => !scripts.includes(name))
    const file = `${folder}/package.json`
    const message = `${file} has no script ${missing.join(' and no script ')}. Add it as in the other packages: turbo runs them by name.`
    return missing.length > 0 ? [{ rule: 'scripts', file, message }] : []
  })
