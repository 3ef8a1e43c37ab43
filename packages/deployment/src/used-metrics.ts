/** A use of a metric in an expression: its name, and the labels that the expression selects or groups by. */
export type UsedMetric = { name: string; labels: string[] }

/** Labels that Prometheus adds: by the configuration of scraping, and those of alerts. */
const addedLabels = new Set(['job', 'instance', 'process', 'alertname', 'alertstate'])
const ownMetric = /\b((?:muster|process|nodejs)_\w+)\b(?:\{([^}]*)\})?/g

/** Lists the metrics of Muster's processes in an expression of PromQL, each with the labels that its matchers name. */
export function metricsOf(expression: string): UsedMetric[] {
  return [...expression.replaceAll(/"[^"]*"/g, '""').matchAll(ownMetric)].map(([, name = '', matchers = '']) => ({
    name,
    labels: [...matchers.matchAll(/(\w+)\s*(?:=~|!~|!=|=)/g)]
      .map(([, label = '']) => label)
      .filter((label) => !addedLabels.has(label)),
  }))
}

/** Lists the labels by which an expression groups. */
export function groupedLabels(expression: string): string[] {
  return [...expression.matchAll(/\bby\s*\(([^)]*)\)/g)]
    .flatMap(([, labels = '']) => labels.split(',').map((label) => label.trim()))
    .filter((label) => label !== '' && label !== 'le' && !addedLabels.has(label))
}

/** The metric that a series of a histogram or counter belongs to. */
export const familyOf = (name: string) => name.replace(/_(bucket|count|sum)$/, '')
