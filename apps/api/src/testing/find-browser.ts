import { findProgram } from '@muster/testing'

/** Chromium without windows takes half of the processor seconds of Chromium. */
const names = ['chromium-headless-shell', 'chromium', 'chromium-browser', 'google-chrome']

/** Finds Chromium, by the names under which it is installed. */
export const findBrowser = (): string | undefined => names.map(findProgram).find((path) => path !== undefined)
