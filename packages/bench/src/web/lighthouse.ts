import { execFile } from 'node:child_process'
import { existsSync, mkdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { launchForTools } from '@muster/browser'
import { freePort } from '@muster/devkit'
import type { Stage } from '../stage.ts'
import { noteSession, type Site, type Viewer } from './site.ts'

/** What Lighthouse says of a page on a phone: scores of 0 to 100, and the times of its simulated slow network. */
export type LighthouseReport = {
  performance: number
  accessibility: number
  lcpMs: number
  cls: number
  blockingMs: number
  /** The `benchmarkIndex` of Lighthouse. Below about 1,300, its simulated phone is slower than a usual one. */
  benchmarkIndex: number
}
export type Lighthouse = {
  /** Judges a page several times and returns the report in the middle: a busy moment of the machine costs one of them ten points. */
  judge(viewer: Viewer, address: string): Promise<LighthouseReport & { performances: number[] }>
  close(): Promise<void>
}

const judgements = 3

/** It has 186 MB: too much for everybody who installs the workspace, so that only the full form installs it. */
const version = '12.8.2'
const run = promisify(execFile)

/** Installs Lighthouse in the folder of the bench and starts a browser for it. @throws Error without the npm registry */
export async function startLighthouse({ home }: Stage, site: Site): Promise<Lighthouse> {
  const folder = join(home, `lighthouse-${version}`)
  const program = join(folder, 'node_modules/lighthouse/cli/index.js')
  if (!existsSync(program)) {
    console.log(`Installing lighthouse@${version} in ${folder} …`)
    mkdirSync(folder, { recursive: true })
    await run('npm', [
      ...['install', '--prefix', folder, '--no-save', '--no-audit', '--no-fund', '--ignore-scripts'],
      `lighthouse@${version}`,
    ])
  }
  const port = await freePort()
  const context = await launchForTools(port)
  const reportFile = join(folder, 'report.json')
  async function judgeOnce(viewer: Viewer, address: string): Promise<LighthouseReport> {
    await context.clearCookies()
    await context.addCookies(await site.cookiesOf(viewer))
    // Lighthouse keeps what a browser has stored, but for its cache.
    const page = await context.newPage()
    await page.goto(`${site.origin}/icon.svg`)
    await page.evaluate(viewer === 'visitor' ? 'localStorage.clear()' : noteSession)
    await page.close()
    await run(process.execPath, [
      ...[program, site.origin + address, `--port=${port}`, '--only-categories=performance,accessibility'],
      ...['--output=json', `--output-path=${reportFile}`, '--quiet', '--no-enable-error-reporting'],
    ])
    return summaryOf(JSON.parse(readFileSync(reportFile, 'utf8')))
  }
  return {
    async judge(viewer, address) {
      const reports: LighthouseReport[] = []
      while (reports.length < judgements) reports.push(await judgeOnce(viewer, address))
      reports.sort((one, other) => one.performance - other.performance)
      const middle = reports[judgements >> 1] as LighthouseReport
      return { ...middle, performances: reports.map(({ performance }) => performance) }
    },
    close: () => context.close(),
  }
}

type Report = {
  categories: Record<'performance' | 'accessibility', { score: number | null }>
  audits: Record<string, { numericValue?: number }>
  environment: { benchmarkIndex: number }
  runtimeError?: { message: string }
}

function summaryOf({ categories, audits, environment, runtimeError }: Report): LighthouseReport {
  if (runtimeError) throw new Error(`Lighthouse: ${runtimeError.message}`)
  const numberOf = (audit: string) => audits[audit]?.numericValue ?? Number.NaN
  return {
    performance: Math.round((categories.performance.score ?? 0) * 100),
    accessibility: Math.round((categories.accessibility.score ?? 0) * 100),
    lcpMs: numberOf('largest-contentful-paint'),
    cls: numberOf('cumulative-layout-shift'),
    blockingMs: numberOf('total-blocking-time'),
    benchmarkIndex: environment.benchmarkIndex,
  }
}
