import { findBrowser } from '@muster/browser'
import { leadsTo, type PageRoute, pageRoutes } from '@muster/pages'
import { kilobytes, milliseconds, seconds } from '../figures.ts'
import type { Line, Row } from '../row.ts'
import type { Stage } from '../stage.ts'
import { median } from '../statistics.ts'
import { insertTasks } from '../tasks.ts'
import { insertUser } from '../users.ts'
import { type AxeFault, type PageState, readByAxe, widthsPx } from '../web/accessibility-matrix.ts'
import { interactWithLongList } from '../web/interactions.ts'
import { type LighthouseReport, startLighthouse } from '../web/lighthouse.ts'
import { openSite, type Site, viewerOf } from '../web/site.ts'
import { type Visit, visit } from '../web/visit.ts'

/** Of a first visit, with nothing in the browser's cache, on a phone in a slow network. */
const goals = { styleBytes: 15_000, requests: 15, lcpMs: 1_500, cls: 0.02 }
const scriptBytes = { visitor: 150_000, start: 190_000, fileOfRoute: 45_000 }
const lighthouseGoals = { performance: 95, accessibility: 100 }
const interactionGoalMs = 100
/** The median of so many visits counts. */
const visitsOfList = 3

export const web: Row = {
  name: 'web',
  number: 21,
  ifMissed:
    'An exclamation mark is at each figure that misses its goal, and bench-results.json has the requests, shifts and faults. Times mean little on a busy machine.',
  async measure(stage) {
    if (!findBrowser()) {
      console.log('No Chromium is on PATH: the pages are not measured here.')
      return []
    }
    const site = await openSite(stage)
    try {
      return stage.plan.isSmoke ? await measureBriefly(stage, site) : await measureWholly(stage, site)
    } finally {
      await site.close()
    }
  },
}

const inBrief = ['/', '/login', '/tasks']

async function measureBriefly(stage: Stage, site: Site): Promise<Line[]> {
  const routes = pageRoutes().filter(({ path }) => inBrief.includes(path))
  const lines = await visitAll(site, routes, { isFast: true })
  const faults = await readByAxe(site, routes.slice(0, 1), 'empty')
  return [...lines, axeLine(['empty'], 1, faults), ...(await interactionLines(stage, site))]
}

async function measureWholly(stage: Stage, site: Site): Promise<Line[]> {
  const routes = pageRoutes().filter(({ path }) => !(path in leadsTo))
  console.log('axe: pages without data …')
  const axeFaults = await readByAxe(site, routes, 'empty')
  console.log('filling the installation with the demo …')
  await site.fill()
  for (const state of ['data', 'error'] as const) {
    console.log(`axe: ${state} …`)
    axeFaults.push(...(await readByAxe(site, routes, state)))
  }
  const lines: Line[] = []
  console.log('first visits …')
  lines.push(...(await visitAll(site, routes)), axeLine(['empty', 'data', 'error'], routes.length, axeFaults))
  console.log('Lighthouse …')
  lines.push(...(await lighthouseLines(stage, site, routes)))
  console.log('interactions …')
  return [...lines, ...(await interactionLines(stage, site))]
}

async function visitAll(site: Site, routes: readonly PageRoute[], options?: { isFast: boolean }): Promise<Line[]> {
  const lines: Line[] = []
  for (const route of routes) {
    const seen = await visit(site, viewerOf(route), site.addressOf(route), options)
    lines.push(told(visitLine(route, seen)))
  }
  return lines
}

/** A figure as text, whether it reaches its goal, and the goal. */
type Figure = [text: string, isReached: boolean, goal: string]

function lineOf(what: string, figures: readonly Figure[], details: unknown): Line {
  return {
    what,
    muster: figures.map(([text, isReached]) => (isReached ? text : `${text} !`)).join(', '),
    limit: '–',
    goal: figures.map(([, , goal]) => goal).join(', '),
    isReached: figures.every(([, isReached]) => isReached),
    details,
  }
}

/** Tells a line at once: the whole takes half an hour. */
function told(line: Line): Line {
  console.log(`${line.what}: ${line.muster}`)
  return line
}

function visitLine(route: PageRoute, seen: Visit): Line {
  const figures: Figure[] = [
    scriptFigure(route, seen),
    [`${kilobytes(seen.styleBytes)} styles`, seen.styleBytes <= goals.styleBytes, kilobytes(goals.styleBytes)],
    requestFigure(seen),
    [`LCP ${seconds(seen.lcpMs)}`, seen.lcpMs <= goals.lcpMs, seconds(goals.lcpMs)],
    [`CLS ${seen.cls.toFixed(3)}`, seen.cls <= goals.cls, String(goals.cls)],
  ]
  return lineOf(route.path, figures, seen)
}

/** Without the pictures of people and files, of which a page shows as many as its data has. */
function requestFigure({ requests }: Visit): Figure {
  const pictures = requests.filter((path) => /\/(users\/[^/]+\/avatar|attachments\/[^/]+\/\w+)(\?|$)/.test(path)).length
  const own = requests.length - pictures
  return [`${own} requests and ${pictures} pictures`, own <= goals.requests, String(goals.requests)]
}

/** Pages for visitors and the first page of a signed-in user have a budget for all scripts, the others one for each file of their own. */
function scriptFigure({ path, isPublic }: PageRoute, { scripts }: Visit): Figure {
  const bytes = scripts.reduce((sum, script) => sum + script.gzippedBytes, 0)
  const most = isPublic || path === '/setup-factor' ? scriptBytes.visitor : path === '/' ? scriptBytes.start : undefined
  if (most) return [`${kilobytes(bytes)} scripts`, bytes <= most, `≤ ${kilobytes(most)}`]
  const own = scripts.filter((script) => !/(index|app)-[\w-]+\.js$/.test(script.path))
  const largest = Math.max(0, ...own.map(({ gzippedBytes }) => gzippedBytes))
  const text = `${kilobytes(bytes)} scripts, ${kilobytes(largest)} the largest of its own`
  return [text, largest <= scriptBytes.fileOfRoute, `≤ ${kilobytes(scriptBytes.fileOfRoute)}`]
}

function axeLine(states: readonly PageState[], pages: number, faults: readonly AxeFault[]): Line {
  for (const { path, state, widthPx, fault } of faults) console.log(`${path} (${state}, ${widthPx} px) ${fault}`)
  const what = `axe: ${pages} pages, ${states.join('/')}, light/dark, ${widthsPx.join('/')} px`
  return lineOf(what, [[`${faults.length} faults`, faults.length === 0, '0']], faults)
}

async function lighthouseLines(stage: Stage, site: Site, routes: readonly PageRoute[]): Promise<Line[]> {
  const lighthouse = await startLighthouse(stage, site)
  try {
    const lines: Line[] = []
    for (const route of routes) {
      const report = await lighthouse.judge(viewerOf(route), site.addressOf(route))
      lines.push(told(lighthouseLine(route, report)))
    }
    return lines
  } finally {
    await lighthouse.close()
  }
}

function lighthouseLine({ path }: PageRoute, report: LighthouseReport & { performances: number[] }): Line {
  const { performance, accessibility, lcpMs, cls, blockingMs } = report
  const figures: Figure[] = [
    [
      `performance ${performance} (${report.performances.join(', ')})`,
      performance >= lighthouseGoals.performance,
      `≥ ${lighthouseGoals.performance}`,
    ],
    [
      `accessibility ${accessibility}`,
      accessibility >= lighthouseGoals.accessibility,
      `≥ ${lighthouseGoals.accessibility}`,
    ],
    [`LCP ${seconds(lcpMs)}`, lcpMs <= goals.lcpMs, `≤ ${seconds(goals.lcpMs)}`],
    [`CLS ${cls.toFixed(3)}`, cls <= goals.cls, `≤ ${goals.cls}`],
    [`blocked for ${milliseconds(blockingMs)}`, true, '–'],
  ]
  return lineOf(`Lighthouse ${path}`, figures, report)
}

async function interactionLines(stage: Stage, site: Site): Promise<Line[]> {
  const { tasks } = stage.plan
  const busy = await insertUser(stage)
  await insertTasks(stage, busy, tasks)
  site.signInMember(busy)
  const visits = [await interactWithLongList(site)]
  while (visits.length < (stage.plan.isSmoke ? 1 : visitsOfList)) visits.push(await interactWithLongList(site))
  const [first = [], ...others] = visits
  return first.map(({ what, longestMs, events }, index) => {
    const all = [longestMs, ...others.map((visit) => visit[index]?.longestMs ?? Number.NaN)]
    const typicalMs = median(all)
    return told(
      lineOf(
        `${tasks.toLocaleString('en')} tasks, processor 4 times slower: ${what}`,
        [[milliseconds(typicalMs), typicalMs <= interactionGoalMs, `≤ ${interactionGoalMs} ms`]],
        { longestMs: all, events },
      ),
    )
  })
}
