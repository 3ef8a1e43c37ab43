import type { ChildProcess } from 'node:child_process'
import { spawn } from 'node:child_process'
import { text } from 'node:stream/consumers'
import { RetryLater } from '@muster/jobs/worker'
import type { ScanSettings } from '@muster/storage/config'
import pLimit from 'p-limit'
import { UnusableImage } from '../image/unusable-image.ts'

export type Scanner = {
  /**
   * Scans a file.
   * @throws InfectedFile, and RetryLater while the scanner cannot tell
   */
  scan(path: string, signal: AbortSignal): Promise<void>
  /** Rejects with the reason while the last scan has failed. */
  check(): Promise<void>
}

/** The scanner found malware. Final: the file is refused. */
export class InfectedFile extends UnusableImage {
  constructor() {
    super('The virus scanner found malware in this file.')
    this.name = 'InfectedFile'
  }
}

/** The scanner did not tell whether a file is infected. */
export class ScannerFault extends Error {
  readonly code: string
  readonly remedy =
    'Look at the log of the scanner, and at SCAN_COMMAND. Files wait, and are scanned when it works again.'

  constructor(code: string, message: string) {
    super(message)
    this.name = 'ScannerFault'
    this.code = code
  }
}

const retryDelayMs = 10_000
const toldBytes = 300

/** Creates the scanner of uploaded files; without settings every file passes. */
export function createScanner(settings: ScanSettings | undefined): Scanner {
  if (!settings) return { scan: async () => {}, check: async () => {} }
  const limit = pLimit(settings.concurrency)
  let lastFault: ScannerFault | undefined
  return {
    async scan(path, signal) {
      const outcome = await limit(() => run(settings, path, signal))
      // The process ends: another worker scans the file.
      signal.throwIfAborted()
      lastFault = outcome instanceof ScannerFault ? outcome : undefined
      if (outcome instanceof ScannerFault) throw new RetryLater('scanner unavailable', retryDelayMs, { cause: outcome })
      if (outcome === 'infected') throw new InfectedFile()
    },
    async check() {
      if (lastFault) throw lastFault
    },
  }
}

/** Runs the program on a file, without a shell and without the secrets of this process. Exit codes: 0 clean, 1 infected. */
async function run(
  { command: [program, ...args], timeoutMs }: ScanSettings,
  path: string,
  signal: AbortSignal,
): Promise<'clean' | 'infected' | ScannerFault> {
  const child = spawn(program, [...args, path], {
    env: environment(),
    // A group of its own, so that the end of the time ends its children too.
    detached: true,
    stdio: ['ignore', 'ignore', 'pipe'],
  })
  let isLate = false
  const stop = () => endGroup(child)
  const timer = setTimeout(() => {
    isLate = true
    stop()
  }, timeoutMs)
  signal.addEventListener('abort', stop, { once: true })
  if (signal.aborted) stop()
  try {
    const complaints = text(child.stderr).catch(() => '')
    const { code, error } = await ended(child)
    if (error)
      return new ScannerFault(error.code ?? 'SCANNER_FAILED', `The scanner could not be started: ${error.message}.`)
    if (code === 0) return 'clean'
    if (code === 1) return 'infected'
    if (isLate) return new ScannerFault('TIMEOUT', `The scanner did not end within ${timeoutMs} ms.`)
    const told = (await complaints).trim().slice(0, toldBytes)
    return new ScannerFault('SCANNER_FAILED', `The scanner ended with exit code ${code}${told ? `: ${told}` : ''}.`)
  } finally {
    clearTimeout(timer)
    signal.removeEventListener('abort', stop)
  }
}

function ended(child: ChildProcess): Promise<{ code: number | null; error?: NodeJS.ErrnoException }> {
  return new Promise((resolve) => {
    child.once('error', (error: NodeJS.ErrnoException) => resolve({ code: null, error }))
    child.once('exit', (code) => resolve({ code }))
  })
}

function endGroup({ pid }: ChildProcess): void {
  if (pid === undefined) return
  try {
    process.kill(-pid, 'SIGKILL')
  } catch {
    // It has ended already.
  }
}

const passedOn = ['PATH', 'HOME', 'LANG', 'TMPDIR', 'TZ']

const environment = (): NodeJS.ProcessEnv =>
  Object.fromEntries(passedOn.flatMap((name) => (process.env[name] === undefined ? [] : [[name, process.env[name]]])))
