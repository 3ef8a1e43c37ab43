import { ConfigError, parseEnv } from '@muster/config'
import { expect, test } from 'vitest'
import { z } from 'zod'
import { scanEnv, scanSettings } from './scan-command.ts'

const read = (command?: string) => scanSettings(parseEnv(z.object(scanEnv()), { SCAN_COMMAND: command }))
const faultOf = (command: string) => {
  try {
    read(command)
  } catch (error) {
    if (error instanceof ConfigError) return error.faults.join()
  }
  return ''
}

test('SCAN_COMMAND is split at blanks, with quotes, and without a shell', () => {
  expect(read()).toBeUndefined()
  expect(read('clamdscan --fdpass --no-summary')).toEqual({
    command: ['clamdscan', '--fdpass', '--no-summary'],
    timeoutMs: 60_000,
    concurrency: 2,
  })
  expect(read(`  "/opt/my scanner/run" 'a;b' ""`)?.command).toEqual(['/opt/my scanner/run', 'a;b', ''])
  for (const command of ['clamdscan | grep x', 'a && b', 'scan $FILE', 'scan > /dev/null', 'scan `x`'])
    expect(faultOf(command)).toMatch(/SCAN_COMMAND: is run without a shell.*script/)
  expect(faultOf('scan "x')).toMatch(/quote without its end/)
})
