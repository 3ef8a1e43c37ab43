import { findProgram } from '@muster/testing'

/** Finds Chromium, by the names under which it is installed. */
export const findBrowser = (): string | undefined =>
  ['chromium', 'chromium-browser', 'google-chrome'].map(findProgram).find((path) => path !== undefined)
