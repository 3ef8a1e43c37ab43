import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { createTask, joining } from '../modules/organizations/testing/organization-fixtures.ts'
import { buildTestApp, type TestApp, type TestUser } from '../testing/test-app.ts'

/* The search finds the same under a locale of UTF-8 and under `C`. */
describe.each([
  ['a locale of UTF-8', false],
  ['the locale C', true],
])('under %s', (_name, isForeign) => {
  let api: TestApp
  let user: TestUser
  beforeAll(async () => {
    api = await buildTestApp({ database: { isForeign } })
    user = await api.signUp()
  })
  afterAll(() => api.close())

  const search = async (as: TestUser, q: string) => {
    const { tasks } = (await as.inject('GET', `/api/v1/tasks?q=${encodeURIComponent(q)}`)).json().data
    return tasks.map(({ title }: { title: string }) => title) as string[]
  }

  test.each<[title: string, found: string[], missed: string[]]>([
    [
      '“Quarterly” report',
      ['quarterly', 'Quart', '"quarterly report"', '“quarterly report”', '‘quarterly’'],
      ['uarterly'],
    ],
    ['Café', ['café', 'cafe', 'CAFE\u0301', 'Cafe\u0301', 'caf'], ['cafr']],
    ['Cafe\u0301 noir', ['Café noir', '"cafe noir"'], ['cafes']],
    ['Straße fegen', ['straße', 'STRASSE', 'strasse', 'STRAẞE', 'strasse feg'], ['strase']],
    ['Σοφός ΟΔΟΣ', ['σοφος', 'ΣΟΦΟΣ', 'σοφός', 'οδος', 'οδός'], ['σοφι']],
    ['İstanbul ılık', ['istanbul', 'ISTANBUL', 'İstanbul', 'ilik', 'ılık'], []],
    [
      'Smørrebrød Łódź Ærø Œuvre þing Đà Nẵng',
      ['smorrebrod', 'lodz', 'aero', 'oeuvre', 'thing', 'da nang', 'nẵng'],
      [],
    ],
    ['Ёлка и мой чай', ['елка', 'ёлк', 'ЁЛКА', 'мои'], ['лка']],
    [
      '東京タワーの予約2026年',
      ['東京', '京タワ', 'タワー', '予約', '予約2026', '"予約 2026"', '2026年', '予約 東京'],
      ['京東', '予東'],
    ],
    ['ﾊﾟｿｺﾝ ガム', ['パソコン', 'ｶﾞﾑ', 'ソコ'], ['カム', 'ハソコン']],
    ['서울특별시 회의', ['특별시', '서울', '회의', '울특'], ['별특']],
    ['ประชุมทีมวันจันทร์', ['ทีม', 'วันจันทร์', 'ประชุม'], ['มทป']],
    ['ကျောင်း ခွင့် ភាសាខ្មែរ ພາສາລາວ', ['ကျောင်း', 'ខ្មែរ', 'ລາວ'], []],
    ['हिन्दी की किताब', ['हिन्दी', 'किता', 'की'], ['हन्दी', 'कताब']],
    ['كِتَابٌ جديدة إلى المدرسـة', ['كتاب', 'كِتاب', 'جديده', 'الى', 'المدرسة'], ['كتت']],
    ['یک کار', ['يك', 'كار', 'یک'], []],
    ['שָׁלוֹם צה״ל', ['שלום', 'שָׁלוֹם', 'צה"ל', 'צה״ל'], ['שלן']],
    ['٣ مهام و ५ काम', ['3', '٣', '५', '5'], ['4']],
    ["don’t touch l’avion of O'Brien", ["don't", 'don’t', 'avion', "l'avion", 'brien', "o'brien", 'O’Brien'], []],
    [
      'report-final_v2.pdf 1e5x C++',
      ['final', 'v2', 'report-final', '"report final"', '1e5x', '1e5', 'c++', 'pdf'],
      ['e5x'],
    ],
    [
      'Party 🎉 👩\u200d💻 ❤\ufe0f 👍🏽 🇦🇹',
      ['🎉', '👩\u200d💻', '💻', '❤', '❤️', '👍', '👍🏿', '🇦🇹', 'party🎉'],
      ['🎊', '🇹🇦'],
    ],
    ['ｆｕｌｌ ﬁt ℡ ①', ['full', 'fit', 'fi', 'tel', '1'], []],
    ['« Bonjour » ¿qué? „Zitat“ 「引用」', ['bonjour', 'que', '¿que', 'zitat', '引用', '「引用」'], []],
    ['пʼять груш', ["п'ять", 'п’ять', 'пʼять', 'п`ять', 'п´ять', 'п′ять', 'п＇ять', 'груш'], ["п'ясть"]],
    ['п’ять яблук', ['пʼять', "п'ять"], []],
    ['ʻOkina Hawaiʻi', ["hawai'i", 'hawaiʻi', 'okina', 'ʼokina'], ['kina']],
    ['Qurʾān ʿĪd', ["qur'an", 'qur’an', 'qurʿan', 'id', "'id"], []],
    ['🇪🇺🇩🇪 फ़ाइल क़लम', ['🇪🇺', '🇩🇪', '🇪🇺🇩🇪', 'फाइल', 'फ़ाइल', 'कलम'], ['🇺🇩']],
    ['zero\u200bwidth so\u00adft', ['zerowidth', 'soft', 'zero\u200bwidth'], []],
  ])('%s is found by its words however they are written', async (title, found, missed) => {
    const owner = await api.signUp()
    await createTask(owner, { title })
    const kept = title.normalize('NFC').replace(/[\u200b\u00ad]/g, '')
    for (const q of found) expect([q, await search(owner, q)]).toEqual([q, [kept]])
    for (const q of missed) expect([q, await search(owner, q)]).toEqual([q, []])
  })

  test('quotes, or and minus mean what they mean in a web search', async () => {
    const titles = ['Buy green apples', 'Buy apples, green', 'Green pears', '東京の駅', '京都東駅']
    for (const title of titles) await createTask(user, { title })
    const found = async (q: string) => (await search(user, q)).toSorted()
    expect(await found('green appl')).toEqual(['Buy apples, green', 'Buy green apples'])
    expect(await found('"green appl"')).toEqual(['Buy green apples'])
    expect(await found('“green apples”')).toEqual(['Buy green apples'])
    expect(await found('green -"green apples"')).toEqual(['Buy apples, green', 'Green pears'])
    expect(await found('pear or 東京')).toEqual(['Green pears', '東京の駅'])
    expect(await found('駅 -東京')).toEqual(['京都東駅'])
    expect(await found('駅　－東京')).toEqual(['京都東駅'])
    expect(await found('or')).toEqual([])
    for (const q of ['"', '-', '…', '“”', '""', '-"', '！', '\\', "'", ':*', '&', '(', '!'])
      expect([q, await found(q)]).toEqual([q, []])
  })

  test('a description is searched, of any length and with words of any length', async () => {
    const owner = await api.signUp()
    const descriptions = [
      '漢'.repeat(1_000),
      '\ufdfa'.repeat(1_000),
      'x'.repeat(1_000),
      `${'é'.repeat(999)}`,
      '👩\u200d💻'.repeat(333),
    ]
    for (const [index, description] of descriptions.entries())
      await createTask(owner, { title: `Task ${index}`, description })
    expect(await search(owner, '漢漢漢')).toEqual(['Task 0'])
    expect(await search(owner, 'صلى')).toEqual(['Task 1'])
    expect(await search(owner, 'x'.repeat(200))).toEqual(['Task 2'])
    expect(await search(owner, 'e'.repeat(200))).toEqual(['Task 3'])
    expect(await search(owner, '💻👩')).toEqual(['Task 4'])
    expect(await search(owner, '\ufdfa'.repeat(200))).toEqual(['Task 1'])
  })

  test('a changed title and description are searched anew', async () => {
    const owner = await api.signUp()
    const { id } = await createTask(owner, { title: 'Beginning' })
    await owner.inject('PATCH', `/api/v1/tasks/${id}`, { description: '“Größe”' })
    expect(await search(owner, 'grosse')).toEqual(['Beginning'])
    await owner.inject('PATCH', `/api/v1/tasks/${id}`, { title: 'Événement' })
    expect(await search(owner, 'beginning')).toEqual([])
    expect(await search(owner, 'evenement')).toEqual(['Événement'])
  })

  test('users are found by names however they are written', async () => {
    const [admin, member] = [await api.signUp({ role: 'super_admin' }), await joining(api, user)]
    for (const [name, q] of [
      ['Zoë Müller-Łukasz', 'muller lukasz'],
      ['Cafe\u0301 Noir', 'CAFÉ n'],
      ['Ὀδυσσεύς', 'οδυσσευσ'],
      ['山田太郎', '太郎'],
      ['Conor O’Neill', "o'neill"],
      ['김철수', '철수'],
    ] as const) {
      await member.inject('PATCH', '/api/v1/users/me', { name })
      for (const [as, path] of [
        [user, 'users'],
        [admin, 'admin/users'],
      ] as const) {
        const { users } = (await as.inject('GET', `/api/v1/${path}?q=${encodeURIComponent(q)}`)).json().data
        expect([q, users.map((found: { id: string }) => found.id)]).toEqual([q, [member.userId]])
      }
    }
    for (const q of ['…', '“', '\u200b…'])
      expect((await user.inject('GET', `/api/v1/users?q=${encodeURIComponent(q)}`)).json().data?.users ?? []).toEqual(
        [],
      )
  })

  test('texts that look alike are one: a category is filtered and counted once', async () => {
    const owner = await api.signUp()
    const spellings = ['Cafe\u0301', 'Ca\u200bfé', ' Ca\u00adf\u2060é\ufe0f ']
    for (const category of spellings) await createTask(owner, { category })
    for (const category of ['Café', 'Cafe\u0301', 'Ca\ufe0ffé']) {
      const path = `/api/v1/tasks?category=${encodeURIComponent(category)}`
      expect((await owner.inject('GET', path)).json().data.tasks).toHaveLength(3)
    }
    const { categoryData } = (await owner.inject('GET', '/api/v1/analytics')).json().data
    expect(categoryData).toMatchObject([{ category: 'Café', count: 3 }])
  })
})
