import { expect, test } from 'vitest'
import { signedHeadsIn } from './signed-heads.ts'

const [hash, signature] = ['ab'.repeat(32), 'cd'.repeat(32)]
const head = `42.${hash}.k1.${signature}`

test('signed heads are found as a word, in a command and in lines of the log, each once', () => {
  const line = JSON.stringify({
    level: 'info',
    head: { seq: 7, hash, keyId: 'k1', signature },
    msg: 'audit chain head',
  })
  expect(signedHeadsIn(`muster audit verify --head ${head}\n${line}\n${head}`)).toEqual([
    head,
    `7.${hash}.k1.${signature}`,
  ])
  for (const wrong of ['', 'nonsense', head.slice(1).replace('ab', 'xy'), `42.${hash}.k1`, head.slice(0, -1)])
    expect(signedHeadsIn(wrong)).toEqual([])
})
