import { spawnSync } from 'node:child_process'
import { existsSync, globSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { ChaosRecord } from './report/record.ts'
import { describeReport, summarize } from './report/report.ts'
import { root } from './system/programs.ts'

const [first, ...others] = process.argv.slice(2).filter((arg) => arg !== '--')

if (first?.startsWith('--url')) {
  // Loaded when it is needed: it brings the client.
  const { tryDeployment } = await import('./deployment/main.ts')
  // Waits with a limit may still be open.
  process.exit(await tryDeployment([first, ...others]))
} else process.exitCode = runTests(first === 'full', first === 'full' ? others : [first, ...others].filter(isText))

/**
 * Runs the tests of this package and prints a report. The full run takes the files of all packages that have long forms, in these:
 * fail-overs again and again, every alert, the conversation of 200 clients with another seed each time, the heaviest images.
 */
function runTests(isFull: boolean, args: string[]): number {
  const folder = mkdtempSync(join(tmpdir(), 'muster-chaos-records-'))
  const records = join(folder, 'records.ndjson')
  const chosen = isFull ? ['--config', 'vitest.workspace.ts', ...longFiles()] : []
  const { status } = spawnSync('vitest', ['run', ...chosen, ...args], {
    stdio: 'inherit',
    ...(isFull && { cwd: root }),
    env: { ...process.env, CHAOS_RECORDS: records, ...(isFull && { CHAOS_FULL: '1' }) },
  })
  report(existsSync(records) ? readFileSync(records, 'utf8') : '', { isFull, status })
  rmSync(folder, { recursive: true })
  return status ?? 1
}

function report(records: string, { isFull, status }: { isFull: boolean; status: number | null }): void {
  const lines = records.split('\n').filter((line) => line !== '')
  const found = summarize(lines.map((line) => JSON.parse(line) as ChaosRecord))
  // npm and pnpm tell the folder that they were called in.
  const file = join(process.env.INIT_CWD ?? process.cwd(), 'chaos-results.json')
  const run = { at: new Date().toISOString(), node: process.version, isFull, hasPassed: status === 0 }
  writeFileSync(file, `${JSON.stringify({ ...run, ...found }, null, 2)}\n`)
  console.log(
    `\n${describeReport(found)}\n\nThe tests ${status === 0 ? 'passed' : 'FAILED'}. Each fault stands in ${file}.`,
  )
}

function longFiles(): string[] {
  const hasLongForm = (file: string) => readFileSync(join(root, file), 'utf8').includes('isLongForm')
  return globSync('{apps,packages}/*/src/**/*.test.ts', { cwd: root }).filter(hasLongForm)
}

function isText(arg: string | undefined): arg is string {
  return arg !== undefined
}
