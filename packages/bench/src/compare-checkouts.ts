import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { root } from './stage.ts'
import { median } from './statistics.ts'

/** The fields that the comparison reads from a line of bench-results.json, which an older checkout may have written. */
type Line = { what: string; muster: string; ratio?: number }
type Results = { rows: { lines: Line[] }[] }

const turns = 3

/**
 * Runs the benchmark of this checkout and of another one alternately, each with its own code, Postgres and Redis, and
 * prints the medians side by side.
 * @param args arguments of both runs: names of rows, `--smoke`
 * @throws Error when the other folder is not an installed checkout, or a run fails
 */
export async function compareCheckouts(otherPath: string, args: readonly string[]): Promise<void> {
  const other = resolve(process.env.INIT_CWD ?? root, otherPath)
  if (!existsSync(join(other, 'node_modules')))
    throw new Error(`${other} is not installed: run \`npx pnpm install\` there.`)
  const [own, others]: [Line[][], Line[][]] = [[], []]
  for (let turn = 1; turn <= turns; turn++) {
    for (const [checkout, lines] of [
      [other, others],
      [root, own],
    ] as const) {
      console.log(`turn ${turn} of ${turns}: ${checkout}`)
      lines.push(await runIn(checkout, args))
    }
  }
  console.log(`\n| | this checkout | ${other} | this / other |\n|---|---|---|---|`)
  for (const [index, { what }] of (own[0] ?? []).entries()) console.log(comparedLine(what, index, own, others))
}

async function runIn(checkout: string, args: readonly string[]): Promise<Line[]> {
  const { MUSTER_HOME: _, ...env } = process.env
  const child = spawn(process.execPath, [join(checkout, 'packages/bench/src/main.ts'), ...args], {
    cwd: checkout,
    env,
    stdio: ['ignore', 'ignore', 'inherit'],
  })
  const [code] = await once(child, 'exit')
  if (code !== 0) throw new Error(`The benchmark in ${checkout} failed (exit ${code}).`)
  const results = JSON.parse(readFileSync(join(checkout, 'bench-results.json'), 'utf8')) as Results
  return results.rows.flatMap(({ lines }) => lines)
}

/** Formats one line of the comparison. Lines are matched by index, because their text may differ between checkouts. */
function comparedLine(what: string, index: number, own: readonly Line[][], others: readonly Line[][]): string {
  const [mine, theirs] = [own, others].map((runs) => median(runs.map((lines) => firstNumber(lines[index]?.muster))))
  const figures = [mine, theirs].map((figure = Number.NaN) => figure.toLocaleString('en'))
  return `| ${what} | ${figures.join(' | ')} | ${((mine ?? 0) / (theirs ?? 1)).toFixed(2)} |`
}

const firstNumber = (text = '') => Number.parseFloat(text.replace(/,/g, '').match(/[\d.]+/)?.[0] ?? '')
