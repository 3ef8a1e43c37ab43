import { findProgram } from '@muster/programs'

/** Chromium without windows takes half of the processor seconds of Chromium. */
const names = ['chromium-headless-shell', 'chromium', 'chromium-browser', 'google-chrome']

/** Finds Chromium, by the names under which it is installed. */
export const findBrowser = (): string | undefined =>
  names.map((name) => findProgram(name)).find((path) => path !== undefined)
