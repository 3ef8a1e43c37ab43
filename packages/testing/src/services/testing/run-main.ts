import { once } from 'node:events'
import { joinTestServices, type TestRun } from '../join-test-services.ts'

/** Behaves like a run of vitest: joins, prints the address of Postgres when it may begin, and ends when its input does. */
const { leave } = await joinTestServices(JSON.parse(process.argv[2] as string) as TestRun)
console.log(`began ${process.env.MUSTER_TEST_POSTGRES_URL}`)
process.stdin.resume()
await once(process.stdin, 'end')
await leave()
process.exit(0)
