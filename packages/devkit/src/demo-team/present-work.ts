import type { NewTask, Task } from '@muster/client'
import type { Client } from 'pg'
import { cutOffPicture, drawLandscape, drawPoster } from './pictures.ts'
import type { Part, Team } from './team.ts'

type OpenTask = Omit<NewTask, 'dueDate' | 'assigneeId'> & {
  owner?: Part
  assignee?: Part
  /** Days from today, and the time of day. For today it is still to come: when it has passed, so many hours from now. */
  due?: readonly [days: number, time: string, orInHours?: number]
  /** Minutes before it is due. */
  remindBefore?: number
  files?: () => Promise<{ name: string; data: Uint8Array<ArrayBuffer> }[]>
}

const text = (content: string) => new Uint8Array(new TextEncoder().encode(content))

const openTasks: readonly OpenTask[] = [
  {
    title: 'Choose the poster for the open day',
    description: 'Two drafts are attached. The printer needs the file by the evening.',
    category: 'Design',
    priority: 'high',
    due: [0, '18:00', 2],
    remindBefore: 30,
    assignee: 'designer',
    files: async () => [
      { name: 'Poster draft 1.png', data: await drawPoster(1) },
      { name: 'Poster draft 2.png', data: await drawPoster(4) },
    ],
  },
  { title: 'Confirm the delivery of the oak boards', category: 'Workshop', due: [0, '15:00', 1], remindBefore: 15 },
  { title: 'Reply to the school about their visit', category: 'Customers', due: [0, '17:00', 1.5], priority: 'high' },
  { title: 'Send the invoice for the corner bench', category: 'Customers', due: [-2, '17:00'], priority: 'high' },
  { title: 'Renew the insurance of the van', category: 'Office', due: [-1, '12:00'] },
  {
    title: 'Prepare the open day',
    description: 'Guided tours at 11 and 15 o’clock, a bench for children, coffee from the start.',
    category: 'Workshop',
    priority: 'high',
    status: 'in-progress',
    due: [6, '09:00'],
    remindBefore: 1_440,
    files: async () => [
      { name: 'Shopping list.txt', data: text('6 coffee\n10 milk\n120 cups\n40 name tags\n') },
      { name: 'Courtyard.jpg', data: await drawLandscape(0) },
      { name: 'Transfer that broke off.jpg', data: await cutOffPicture() },
    ],
  },
  {
    title: 'Write the invitation to the open day',
    category: 'Writing',
    status: 'in-progress',
    due: [1, '16:00'],
    assignee: 'writer',
    remindBefore: 120,
  },
  {
    title: 'Put the open day on the website',
    category: 'Website',
    due: [2, '10:00'],
    assignee: 'developer',
    remindBefore: 60,
  },
  { title: 'Test the form for registrations', category: 'Website', due: [3, '14:00'], assignee: 'tester' },
  { title: 'Order name tags', category: 'Office', priority: 'low', due: [3, '11:00'] },
  { title: 'Measure the kitchen in the old mill', category: 'Customers', due: [4, '08:30'], remindBefore: 720 },
  {
    title: 'Compare two offers for a new band saw',
    category: 'Workshop',
    due: [9, '12:00'],
    link: 'https://demo.example/band-saws',
  },
  {
    title: 'Lay out the spring catalogue',
    category: 'Design',
    status: 'in-progress',
    due: [16, '18:00'],
    assignee: 'designer',
  },
  { title: 'Plan the course for beginners', category: 'Workshop', priority: 'low', due: [24, '10:00'] },
  { title: 'Collect ideas for the shop window', category: 'Design', priority: 'low' },
  { title: 'Read about natural oils', category: 'Workshop', priority: 'low' },
  {
    owner: 'designer',
    title: 'Photograph the new stool',
    category: 'Design',
    due: [2, '15:00'],
    files: async () => [{ name: 'Meadow behind the workshop.jpg', data: await drawLandscape(2) }],
  },
  {
    owner: 'developer',
    title: 'Make the gallery load faster',
    category: 'Website',
    status: 'in-progress',
    due: [5, '17:00'],
  },
  { owner: 'writer', title: 'Translate the care guide', category: 'Writing', due: [7, '12:00'], assignee: 'owner' },
  {
    owner: 'tester',
    title: 'Try the website on an old phone',
    category: 'Website',
    priority: 'low',
    due: [1, '11:00'],
    assignee: 'owner',
  },
  { owner: 'partner', title: 'Bring the chairs for the open day', category: 'Workshop', due: [6, '08:00'] },
]

/** Creates the open tasks with their files and reminders over the API, lets colleagues change some, and dates two reminders back. */
export async function createOpenTasks(db: Client, team: Team, timeZone: string): Promise<void> {
  const made = await Promise.all(openTasks.map((open) => createOpenTask(team, open, timeZone)))
  const byTitle = (title: string) => made.find((task) => task.title === title) as Task
  const { owner, designer, writer } = team
  await Promise.all([
    designer.muster.tasks.update(byTitle('Choose the poster for the open day').id, { status: 'in-progress' }),
    writer.muster.tasks.update(byTitle('Write the invitation to the open day').id, { priority: 'high' }),
    owner.muster.tasks.update(byTitle('Order name tags').id, { description: 'Wooden ones, 40 pieces.' }),
    insertSentReminders(db, [
      byTitle('Send the invoice for the corner bench'),
      byTitle('Renew the insurance of the van'),
    ]),
  ])
}

async function createOpenTask(team: Team, open: OpenTask, timeZone: string): Promise<Task> {
  const { owner = 'owner', assignee, due, remindBefore, files, ...fields } = open
  const { muster } = team[owner]
  const dueDate = due && instantOf(due, timeZone)
  const task = await muster.tasks.create({
    ...fields,
    ...(dueDate && { dueDate: dueDate.toString() }),
    ...(assignee && { assigneeId: team[assignee].user.id }),
  })
  const scheduledAt = dueDate?.subtract({ minutes: remindBefore ?? 0 })
  await Promise.all([
    remindBefore !== undefined &&
      scheduledAt &&
      // Shortly before midnight, what is due today has no time left for it.
      Temporal.Instant.compare(scheduledAt, Temporal.Now.instant()) > 0 &&
      muster.reminders.create({ taskId: task.id, scheduledAt: scheduledAt.toString(), type: 'push' }),
    files && muster.attachments.upload(task.id, await files()),
  ])
  return task
}

/** Returns the instant of a due date. What is due today is due before midnight, however late it is. */
function instantOf([days, time, orInHours]: NonNullable<OpenTask['due']>, timeZone: string): Temporal.Instant {
  const now = Temporal.Now.zonedDateTimeISO(timeZone)
  const wanted = now.toPlainDate().add({ days }).toZonedDateTime({ timeZone, plainTime: time })
  if (orInHours === undefined) return wanted.toInstant()
  const minute = { smallestUnit: 'minute', roundingIncrement: 5 } as const
  const soonest = now.add({ minutes: orInHours * 60 }).round(minute)
  const midnight = now.withPlainTime('23:59')
  const isBefore = (one: Temporal.ZonedDateTime, other: Temporal.ZonedDateTime) =>
    Temporal.ZonedDateTime.compare(one, other) < 0
  const due = isBefore(wanted, soonest) ? soonest : wanted
  return (isBefore(midnight, due) ? midnight : due).toInstant()
}

/** Inserts reminders that came an hour before their tasks were due, while the tasks are still open. */
async function insertSentReminders(db: Client, tasks: readonly Task[]): Promise<void> {
  await db.query(
    `insert into reminders (id, task_id, user_id, type, status, scheduled_at, handed_at, sent_at, created_at)
     select uuidv7(), id, owner_id, 'push', 'sent', at, at, at, at
     from (select *, due_date - interval '1 hour' as at from tasks where id = any($1)) due`,
    [tasks.map(({ id }) => id)],
  )
}
