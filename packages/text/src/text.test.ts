import { expect, test } from 'vitest'
import {
  contentDisposition,
  csvLine,
  encodeSubject,
  isolated,
  multiLine,
  shortened,
  singleLine,
  terminalLine,
  visibleJson,
  withoutInvisible,
} from './index.ts'

const cell = (text: string) => /^"([\s\S]*)"\r\n$/.exec(csvLine([text]))?.[1]?.replaceAll('""', '"')

test.each([
  ['=1+1', "'=1+1"],
  ['+cmd', "'+cmd"],
  ['-2+3+cmd|x', "'-2+3+cmd|x"],
  ['@SUM(A1)', "'@SUM(A1)"],
  ['＝1', "'＝1"],
  ['﹦1', "'﹦1"],
  ['＋1', "'＋1"],
  ['－1', "'－1"],
  ['＠A', "'＠A"],
  ['−1', "'−1"],
  ['  =1', "'  =1"],
  ['\u200b=1', "'\u200b=1"],
  ['\ufeff=1', "'\ufeff=1"],
  ['\u00a0=1', "'\u00a0=1"],
  ['"=1', `'"=1`],
  ['\t=1', "'\t'=1"],
  ['\tA', "'\tA"],
  ['\rA', "'\rA"],
  ['\nA', "'\nA"],
  ["Mozilla/5.0;=cmd|'/C calc'!A0", "Mozilla/5.0;'=cmd|'/C calc'!A0"],
  ['a;"=cmd"', `a;'"=cmd"`],
  ['a;""=cmd', `a;'""=cmd`],
  ['a; =cmd', "a;' =cmd"],
  ['a;\u200d@x', "a;'\u200d@x"],
  ['a,=b', "a,'=b"],
  ['a\t+b', "a\t'+b"],
  ['a|=b', "a|'=b"],
  ['a\n=b', "a\n'=b"],
  ['a\r\n@b', "a\r\n'@b"],
  ['a;-5 +cmd', "a;'-5 +cmd"],
  ['-5|cmd', "'-5|cmd"],
  ['-5;x', "'-5;x"],
  ['a;+5\tx', "a;'+5\tx"],
  ['a;;=b', "a;;'=b"],
])('a spreadsheet finds no formula in %j', (text, expected) => {
  expect(cell(text)).toBe(expected)
})

test.each([
  '',
  'ordinary, text; with | all\tof it',
  'a=b and c-d',
  '{"a":"x","b":-5,"c":[1,-2.5,+3]}',
  '-5',
  'it’s "quoted"',
  'Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0',
])('an ordinary text is the same in CSV: %j', (text) => {
  expect(cell(text)).toBe(text)
})

test('every cell of CSV is quoted, an empty one too', () => {
  expect(csvLine(['a', '', 'b"c'])).toBe('"a","","b""c"\r\n')
})

test.each([
  ['a\r\nBcc: b', 'a Bcc: b'],
  ['a\u202eb\u2066c\u2069', 'a b c'],
  ['a\u2028b\u0000c\u009bd', 'a b c d'],
  ['a\ud800b', 'a\ufffdb'],
])('%j is one line that reorders nothing', (text, expected) => {
  expect(singleLine(text)).toBe(expected)
})

test('only lines with right-to-left writing are isolated', () => {
  expect(isolated('שלום')).toBe('\u2068שלום\u2069')
  expect(isolated(multiLine('שלום\r\nAda'))).toBe('\u2068שלום\u2069\n\u2068Ada\u2069')
  expect(isolated('Ada')).toBe('Ada')
  expect(isolated('')).toBe('')
})

test('a subject is plain ASCII, or encoded words of at most 75 characters', () => {
  expect(encodeSubject('Buy milk')).toBe('Buy milk')
  for (const text of ['=?UTF-8?B?YQ==?=', 'Größe '.repeat(50), 'x'.repeat(2_000), '👩\u200d💻'.repeat(40), 'a  b']) {
    const words = encodeSubject(text).split(' ')
    expect(words.every((word) => /^=\?UTF-8\?B\?[\w+/=]+\?=$/.test(word) && word.length <= 75)).toBe(true)
    const decoded = words.map((word) =>
      new TextDecoder('utf-8', { fatal: true }).decode(Buffer.from(word.slice(10, -2), 'base64')),
    )
    expect(decoded.join('')).toBe(text)
  }
})

test('control characters are escaped for a terminal', () => {
  expect(terminalLine('a\u001b[2Jb\rc\nd\u009b31me\u202ef\u{e0041}')).toBe(
    'a\\u001b[2Jb\\u000dc\\u000ad\\u009b31me\\u202ef\\u{e0041}',
  )
  const value = { text: 'a\u009b31m\u202eb\u2028\u007f' }
  expect(visibleJson(JSON.stringify(value))).toMatch(/^[\x20-\x7e]+$/)
  expect(JSON.parse(visibleJson(JSON.stringify(value)))).toEqual(value)
})

test('a file name can neither end its header nor reverse its direction', () => {
  expect(contentDisposition('attachment', 'a"; x=y\r\nz\u202egpj.exe')).toBe(
    `attachment; filename="a_; x=yzgpj.exe"; filename*=UTF-8''a%22%3B%20x%3Dyzgpj.exe`,
  )
  expect(contentDisposition('inline', 'ä\ud800(1).png')).toContain("filename*=UTF-8''%C3%A4%EF%BF%BD%281%29.png")
})

test.each([
  ['．．／x.txt', '_x.txt'],
  ['．．＼x.txt', '_x.txt'],
  ['..／..／etc／passwd', 'download._etc_passwd'],
  ['℀.txt', 'a_c.txt'],
  ['報告書.txt', 'download.txt'],
  ['報告書 2026.txt', '2026.txt'],
  ['отчёт.pdf', 'download.pdf'],
  ['שלום.pdf', 'download.pdf'],
  ['🇦🇹.png', 'download.png'],
  ['報告書', 'download'],
  ['', 'download'],
  ['Straße nach Ærø, Łódź ﬁx.txt', 'Strasse nach AEro, Lodz fix.txt'],
  ['Cafe\u0301.txt', 'Cafe.txt'],
  ['CON.txt', '_CON.txt'],
  ['ｃｏｍ１', '_com1'],
  ['lpt¹.tar.txt', '_lpt1.tar.txt'],
  ['console.txt', 'console.txt'],
  ['a<b>:c|d?*.txt', 'a_b__c_d__.txt'],
  ['x.txt…', 'x.txt'],
  ['100% "done".txt', '100_ _done_.txt'],
])('the name %j becomes %j for clients that know only ASCII', (name, ascii) => {
  const header = contentDisposition('attachment', name)
  expect(header).toContain(`filename="${ascii}"; `)
  const [, encoded = ''] = /filename\*=UTF-8''([\w.!~%-]*)$/.exec(header) ?? []
  expect(decodeURIComponent(encoded)).toBe(name)
})

test('a name keeps its joiners in a header, and loses what reorders it', () => {
  const header = contentDisposition('inline', '👩\u200d💻\u202egpj\u2066.exe')
  expect(decodeURIComponent(header.split("''")[1] ?? '')).toBe('👩\u200d💻gpj.exe')
})

test.each([
  ['👩\u200d💻👩\u200d💻', 4, '👩\u200d💻'],
  ['e\u0301e\u0301', 3, 'e\u0301'],
  ['🇦🇹🇩🇪', 3, '🇦🇹'],
  ['abc', 3, 'abc'],
  [`a${'\u0301'.repeat(10)}`, 5, ''],
])('%j is shortened to %i characters without cutting one that is shown', (text, max, kept) => {
  expect(shortened(text, max)).toBe(kept)
})

test.each(['x\u200by', 'x\u00ady', 'x\u2060y', 'x\ufe0fy', 'x\u200dy\u200c', '\u3164xy'])(
  '%j looks like xy and becomes it',
  (given) => expect(withoutInvisible(given)).toBe('xy'),
)

test.each([
  'می\u200cخواهم',
  '👩\u200d💻 1\ufe0f\u20e3 ❤\ufe0f ‼\ufe0f',
  '🏴\u{e0067}\u{e0062}\u{e007f}',
  'क्\u200dष',
  '葛\u{e0100}',
])('%j keeps what shapes it', (given) => expect(withoutInvisible(given)).toBe(given))
