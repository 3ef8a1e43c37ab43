import { describe, expect, test } from 'vitest'
import { dueToday, parseDue } from './natural-due.ts'

const timeZone = 'Asia/Kolkata'
/** A Friday, 15:30 in Kolkata. */
const now = new Date('2026-11-27T10:00:00Z')
const read = (text: string) => {
  const found = parseDue(text, { now, timeZone })
  return found && { title: found.title, due: found.due.toISOString() }
}

describe('natural due dates', () => {
  test.each([
    ['Pay rent tomorrow 9am', 'Pay rent', '2026-11-28T03:30:00.000Z'],
    ['Call Ana fri', 'Call Ana', '2026-12-04T03:30:00.000Z'],
    ['Call Ana on monday at 17:15', 'Call Ana', '2026-11-30T11:45:00.000Z'],
    ['at 8pm call Ana', 'call Ana', '2026-11-27T14:30:00.000Z'],
    ['Stretch 7am', 'Stretch', '2026-11-28T01:30:00.000Z'],
    ['Report in 2 hours', 'Report', '2026-11-27T12:00:00.000Z'],
    ['Report in 3 days', 'Report', '2026-11-30T03:30:00.000Z'],
    ['Renew passport 5 Jan noon', 'Renew passport', '2027-01-05T06:30:00.000Z'],
    ['Tidy up today', 'Tidy up', '2026-11-27T12:30:00.000Z'],
    ['कल 9 बजे किराया दें', 'किराया दें', '2026-11-28T03:30:00.000Z'],
    ['किराया दें कल ९ बजे', 'किराया दें', '2026-11-28T03:30:00.000Z'],
    ['माँ को फ़ोन सोमवार शाम साढ़े 5 बजे', 'माँ को फ़ोन', '2026-11-30T12:00:00.000Z'],
    ['परसों रात 8 बजे खाना', 'खाना', '2026-11-29T14:30:00.000Z'],
    ['रिपोर्ट 2 दिन में', 'रिपोर्ट', '2026-11-29T03:30:00.000Z'],
  ])('reads %s', (text, title, due) => expect(read(text)).toEqual({ title: title.normalize('NFC'), due }))

  test.each([
    'Buy milk',
    'Read 1984',
    'Sunday-school'.replace('Sunday', 'Sunder'),
    '2026-02-30',
    'Meet at 99',
    'today 1am',
  ])('leaves %s alone', (text) => expect(read(text)).toBeNull())

  test.each([
    ['2026-11-27T10:00:00Z', '2026-11-27T12:30:00.000Z'],
    ['2026-11-27T13:00:00Z', '2026-11-27T18:29:00.000Z'],
  ])('a text of %s that means today is due at the end of the day', (at, due) =>
    expect(dueToday('Write what is due', { now: new Date(at), timeZone })).toEqual({
      title: 'Write what is due',
      due: new Date(due),
      words: '',
    }),
  )
})
