import { Transform } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { connectionEnv } from './connection-env.ts'
import type { PostgresPrograms } from './programs.ts'
import { runProgram } from './run-program.ts'

type Load = { url: string; path: string; programs: PostgresPrograms; signal: AbortSignal }

/**
 * Loads a dump into an empty database, together with further statements, in one transaction: either all of it is there in the end, or
 * nothing. A process that dies before the last line leaves nothing, since only that line commits.
 * @param afterwards SQL, run behind the dump
 * @throws Error with what Postgres said
 */
export async function loadDump({ url, path, programs, signal }: Load, afterwards: string): Promise<void> {
  const env = connectionEnv(url, programs.major)
  const psql = runProgram(
    programs.psql,
    ['--no-psqlrc', '--quiet', '--no-password', '--set=ON_ERROR_STOP=1', '--output=/dev/null'],
    { env, signal },
  )
  const restore = runProgram(programs.pgRestore, ['--no-owner', '--no-privileges', '--file=-', path], { env, signal })
  const [input, output] = [psql.child.stdin, restore.child.stdout]
  if (!input || !output) throw new Error('The programs of Postgres have no pipes.')
  // psql that fails closes its input; its own message is the one to tell.
  input.on('error', () => {})
  input.write('begin;\n')
  const passing = pipeline(output, withoutRefused(), input, { end: false, signal })
  try {
    await Promise.race([Promise.all([passing.catch(() => psql.done), restore.done]), psql.done])
    input.end(`\n${afterwards}\ncommit;\n`)
    await psql.done
  } catch (error) {
    restore.child.kill()
    psql.child.kill()
    signal.throwIfAborted()
    throw error
  }
}

/**
 * Statements at the begin of a dump that Postgres may refuse, and that change nothing: a setting of newer programs, whose value is the default, and the
 * comment of an extension, which only its owner may write.
 */
const refused = /^(?:SET transaction_timeout = 0|COMMENT ON EXTENSION .*);$/gm
const headBytes = 16_384

function withoutRefused(): Transform {
  let head: Buffer | undefined = Buffer.alloc(0)
  const cleaned = (bytes: Buffer) => Buffer.from(bytes.toString('latin1').replace(refused, ''), 'latin1')
  return new Transform({
    transform(chunk: Buffer, _encoding, done) {
      if (!head) return done(null, chunk)
      head = Buffer.concat([head, chunk])
      if (head.length < headBytes) return done()
      const whole = cleaned(head)
      head = undefined
      done(null, whole)
    },
    flush(done) {
      done(null, head && cleaned(head))
    },
  })
}
