import LinkifyIt from 'linkify-it'
import tlds from 'tlds'
import { expect, test } from 'vitest'
import { isLinkLike } from './index.ts'

const linkify = new LinkifyIt().tlds(tlds).set({ fuzzyIP: true, fuzzyEmail: true, fuzzyLink: true })
/** Normalizes a text as mail clients do before they search for links, and as browsers do with a host name. */
const canonical = (text: string) =>
  text
    .replace(/[\u3002\uff0e\uff61]/g, '.')
    .normalize('NFKC')
    .replace(/\p{Default_Ignorable_Code_Point}/gu, '')

const links = [
  'evil.com',
  'win at evil.com',
  'Visit EVIL.COM now',
  'http://evil',
  'http:／／evil',
  'http:\u2215\u2215evil',
  'mailto:a',
  'javascript:alert(1)',
  'a@b',
  'a＠b',
  'a﹫b.de',
  'evil。com',
  'evil．com',
  'evil｡com',
  'evil\u2024com',
  'evil\u2025com',
  'evil…com',
  'evil﹒com',
  'evil·com',
  'evil\u2027com',
  'evil•com',
  'evil∙com',
  'evil⋅com',
  'evil・com',
  'evil･com',
  'evil\u06d4com',
  'evil\u0701com',
  'evil\ua4f8com',
  'evil\u0660com',
  'evil\u06f0com',
  'evil.\u200bcom',
  'evil\u200d.com',
  'evil.c\u200com',
  'evil\u2060.\u2060com',
  'evil.c\u00adom',
  'evil.c\ufe0fom',
  'evil.c\u{e0061}om',
  'evil.c\u034fom',
  'evil.c\u0301om',
  'ｅｖｉｌ.ｃｏｍ',
  'evil.𝐜𝐨𝐦',
  'ⓔⓥⓘⓛ.ⓒⓞⓜ',
  'evil⒈com',
  'xn--e1awd7f.com',
  'evil.xn--p1ai',
  'пример.рф',
  '例え.テスト',
  'evil[.]com',
  'evil(.)com',
  'evil【.】com',
  'evil "." com',
  'evil .com',
  'evil. com',
  'evil dot com',
  'evil(dot)com',
  '192.0.2.1',
  '192.0.2.1/x',
  '１９２.０.２.１',
  '192。0。2。1',
  '[2001:db8::1]',
  'evil/path',
  'evil⁄path',
  'evil╱path',
  'evilノpath',
  'evil\\path',
  'evil%2ecom',
  'evil&#46;com',
  '=?utf-8?q?evil?=',
  '℀',
  'Call +1 (800) 555-0199',
  '٠٨٠٠١٢٣٤٥٦٧',
  '1‐800‑555–1234',
  '0664_123_4567',
  '0664~123~4567',
  '06,64,12,34,56',
  '❶❽⓿⓿❺❺❺❶',
  '一八零零五五五一二三四',
  '🅴🆅🅸🅻.🅲🅾🅼',
  '🅔🅥🅘🅛.🅒🅞🅜',
  '🇪 🇻 🇮 🇱. 🇨🇴🇲',
  'evil.\u2800com',
  'a.b.co',
  '1.2.3',
  't.me',
  'пример·рф',
  'evilːevil',
  'www.evil',
  '@evil',
  'evil\u00b7\u200bcom',
]

test.each(links)('a name that could become a link counts as one: %j', (text) => {
  expect(isLinkLike(text)).toBe(true)
})

const names = [
  'Ada',
  'J. R. R. Tolkien',
  'J.R.R. Tolkien',
  'Dr. Who',
  'St. John',
  'Martin Luther King, Jr.',
  'Anne-Marie O’Neill',
  "O'Brien & Sons",
  'José Ángel',
  'Jose\u0301',
  'Łukasz',
  '李小龍',
  'ノア 三丿',
  'Владимир',
  'محمد علي',
  'فريق ٢٠٢٦',
  'שרה',
  'नरेन्द्र',
  'ศรีสุดา',
  '约翰·史密斯',
  'ジョン・スミス',
  'Col·lecció',
  'മല്ലിക ശ്രീ',
  'አበበ፡ቢቂላ',
  'ꓡꓲ‐ꓢꓴ',
  'ᓂᐱᔾ ᐊᒃᑐ',
  'می\u200cخواهم',
  'Team 🚀 👩\u200d💻',
  'Acme 🇩🇪🇦🇹',
  '三一重工 2026',
  'Agency 2026',
  'Version 2.0',
  'No. 12',
  'Acme Inc. (Berlin)',
  'Rock + Roll!',
  '#1 Team',
]

test.each(names)('an ordinary name does not count as a link: %j', (name) => {
  expect(isLinkLike(name)).toBe(false)
  expect(linkify.test(canonical(name))).toBe(false)
})

test('linkify-it finds no link in a name that passes, with any characters between its parts', () => {
  const missed: string[] = []
  const between = [...links.join('')].filter((character) => !/[\p{L}\p{N} ]/u.test(character))
  for (let code = 0; code <= 0x1ffff; code++) {
    if (code >= 0xd800 && code <= 0xdfff) continue
    between.push(String.fromCodePoint(code))
  }
  for (const character of between) {
    for (const name of [
      `evil${character}com`,
      `evil.${character}com`,
      `evil${character}.com`,
      `a${character}evil.de`,
    ]) {
      if (!isLinkLike(name) && linkify.test(canonical(name))) missed.push(JSON.stringify(name))
    }
  }
  expect(missed).toEqual([])
})
