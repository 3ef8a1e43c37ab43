const patienceMs = 1_500

/** A process that answered on its ops port. */
export type OpsState = { url: string; isReady: boolean; obstacles?: string; sockets?: number }

/** Asks ops ports for readiness and open sockets. Ports that nothing answers on are left out, unless the operator named them. */
export async function askOpsPorts(urls: readonly string[], areNamed: boolean): Promise<OpsState[]> {
  const states = await Promise.all(urls.map(askOne))
  return states.filter((state) => areNamed || state.isReady || state.obstacles !== 'no answer')
}

async function askOne(url: string): Promise<OpsState> {
  const signal = AbortSignal.timeout(patienceMs)
  try {
    const [ready, metrics] = await Promise.all([
      fetch(new URL('/readyz', url), { signal }),
      fetch(new URL('/metrics', url), { signal }).then((answer) => answer.text()),
    ])
    const text = (await ready.text()).trim()
    const sockets = /^muster_sockets(?:\{[^}]*\})? (\d+)/m.exec(metrics)?.[1]
    // Something else may listen there.
    if (!/^(ready|not ready: )/.test(text)) return { url, isReady: false, obstacles: 'no answer' }
    return {
      url,
      isReady: ready.ok,
      ...(!ready.ok && { obstacles: text.replace('not ready: ', '') }),
      ...(sockets !== undefined && { sockets: Number(sockets) }),
    }
  } catch {
    return { url, isReady: false, obstacles: 'no answer' }
  }
}
