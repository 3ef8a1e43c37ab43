import { parseArgs } from 'node:util'
import { listKeys, newKey, reEncryptAll } from './keys.ts'

const usage = `pnpm muster <command>, with the API's environment; without DATABASE_URL, on the copy that \`npm start\` runs here

  keys new          print a new key for any key ring
  keys list         the keys of each ring, and how much each encryption key still seals
  keys re-encrypt   seal everything with the current encryption key; safe to repeat, and beside a running API
  admin create --email <e-mail> [--name <name>]
                    make a super admin; the password comes on standard input, or is made and printed
`

const print = (line: string) => void process.stdout.write(`${line}\n`)

/** @returns whether all is well */
async function run(args: string[]): Promise<boolean> {
  const { positionals, values } = parseArgs({
    args,
    allowPositionals: true,
    options: { email: { type: 'string' }, name: { type: 'string' } },
  })
  switch (positionals.join(' ')) {
    case 'keys new':
      newKey(print)
      return true
    case 'keys list':
      return listKeys(print)
    case 'keys re-encrypt':
      return reEncryptAll(print)
    case 'admin create': {
      // The others need neither hashing nor the list of common passwords.
      const { createAdmin } = await import('./admin.ts')
      await createAdmin(values, print)
      return true
    }
    default:
      process.stderr.write(usage)
      return false
  }
}

run(process.argv.slice(2)).then(
  (isWell) => {
    if (!isWell) process.exitCode = 1
  },
  (error: Error) => {
    process.stderr.write(`${error.message}\n`)
    process.exitCode = 1
  },
)
