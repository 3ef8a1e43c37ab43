import { execFile } from 'node:child_process'
import { join } from 'node:path'

export type Advisory = { module: string; severity: string; title: string; url: string }
/** The advisories, or why they could not be read. */
export type Advisories = { found: Advisory[] } | { unavailable: string }

const limitMs = 30_000

/** Asks the registry for advisories about production packages. Being offline, or at a registry without advisories, is no fault. */
export function readAdvisories(root: string): Promise<Advisories> {
  const pnpm = join(root, 'node_modules/.bin/pnpm')
  return new Promise((resolve) => {
    execFile(
      pnpm,
      ['audit', '--prod', '--json'],
      { cwd: root, timeout: limitMs, maxBuffer: 64 * 1024 ** 2 },
      (_, stdout, stderr) => resolve(parseAdvisories(stdout) ?? { unavailable: reasonOf(stderr || stdout) }),
    )
  })
}

/** Parses the output of `pnpm audit --json`; undefined when it is something else. */
export function parseAdvisories(text: string): Advisories | undefined {
  try {
    const { advisories } = JSON.parse(text) as { advisories?: Record<string, Record<string, string>> }
    if (!advisories) return undefined
    const found = Object.values(advisories).map(({ module_name = '', severity = '', title = '', url = '' }) => ({
      module: module_name,
      severity,
      title,
      url,
    }))
    return { found }
  } catch {
    return undefined
  }
}

const reasonOf = (text: string) =>
  /responded with (\d{3})/.exec(text)?.[1] ?? /\b(E[A-Z]{4,}|ERR_[A-Z_]+)\b/.exec(text)?.[1] ?? 'no answer'
