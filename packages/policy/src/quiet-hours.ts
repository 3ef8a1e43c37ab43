import { z } from 'zod'

const timeOfDay = (description: string) =>
  z
    .string()
    .regex(/^([01]\d|2[0-3]):[0-5]\d$/, 'must be a time of day like 22:00')
    .meta({ description, examples: ['22:00'] })

/** The daily hours in which mails and pushes of chat and general notifications are held back. */
export const quietHours = z
  .strictObject({ from: timeOfDay('When they begin.'), to: timeOfDay('When they end.') })
  .refine(({ from, to }) => from !== to, { path: ['to'], message: 'must differ from the beginning' })
  .nullable()
  .default(null)
  .meta({
    description:
      'Daily hours, in the time zone of the user, in which mails and pushes of chat and general notifications are held back. They pass midnight when they end earlier than they begin. Null for none.',
    examples: [{ from: '22:00', to: '07:00' }],
  })
