import { type Browser, type BrowserContext, chromium } from 'playwright-core'
import { findBrowser } from './find-browser.ts'

const args = ['--no-sandbox', '--disable-gpu', '--disable-quic']

function pathOfBrowser(): string {
  const executablePath = findBrowser()
  if (!executablePath) throw new Error('No Chromium is on PATH.')
  return executablePath
}

/** Starts Chromium. @throws Error when none is on PATH: ask {@link findBrowser} first */
export const launchBrowser = async (): Promise<Browser> => chromium.launch({ executablePath: pathOfBrowser(), args })

/** Starts Chromium for another program, which opens windows of its own over the port; these share the cookies of the context. */
export const launchForTools = async (debuggingPort: number): Promise<BrowserContext> =>
  chromium.launchPersistentContext('', {
    executablePath: pathOfBrowser(),
    args: [...args, `--remote-debugging-port=${debuggingPort}`],
  })
