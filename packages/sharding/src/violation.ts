import { analyse, crosses } from './analyse.ts'
import { isAllowed } from './crossings.ts'

const isChecked = /^\s*(select|with|insert|update|delete)\b/i

/**
 * Tells what is wrong with a statement that needs more than one shard and is not listed.
 * @param stack of the call, which names the file that executes the statement
 * @returns undefined for a statement that is right, and for those of tests, fixtures and migrations
 */
export function violationOf(text: string, stack: () => string): string | undefined {
  if (!isChecked.test(text)) return undefined
  const verdict = analyse(text)
  if (!crosses(verdict)) return undefined
  const file = callerIn(stack())
  const tables = [...verdict.tables, ...verdict.locals]
  if (file === undefined || isAllowed(file, tables)) return undefined
  const reasons = [
    verdict.unbound.length > 0 && `${verdict.unbound.join(', ')} without a value for the distribution column`,
    verdict.joinsShards && 'tables that lie on different shards',
    verdict.locals.length > 0 && `${verdict.locals.join(', ')}, which the shards do not have`,
  ].filter((reason) => reason !== false)
  return (
    `${file} has a statement about ${tables.join(', ')} that needs more than one shard: ${reasons.join('; ')}. Compare the distribution ` +
    'column (packages/sharding/src/tables.ts) with a value or with that of a table beside it, or list the statement with its reason in ' +
    `packages/sharding/src/crossings.ts, as '${tables.join(' ')}':\n${text.trim()}`
  )
}

/** Files through which all statements pass. */
const carriers = /^(db\/src|packages\/sharding\/src|packages\/jobs\/src\/outbox\/transact)/
const ofTests =
  /\.test\.ts$|\/testing\/|^packages\/(testing|devkit|db-cli)\/|^db\/migrations\/|\/guarantees\/|^apps\/[\w-]+\/test\//
const files = /\/((?:apps|packages)\/[\w-]+\/(?:src|test)\/[^:)\s]+\.ts|db\/(?:src|migrations)\/[^:)\s]+\.ts)/g

/** Finds the file that executes the statement; undefined for a test, a fixture or a migration. */
function callerIn(stack: string): string | undefined {
  const file = [...stack.matchAll(files)].map(([, path = '']) => path).find((path) => !carriers.test(path))
  return file === undefined || ofTests.test(file) ? undefined : file
}
