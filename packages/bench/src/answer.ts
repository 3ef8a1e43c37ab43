/** The inside of a process that `startChild` started: says that it is ready, answers, and ends with its parent. */
export function answer<Question, Answer>(reply: (question: Question) => Answer | Promise<Answer>): void {
  process.on('disconnect', () => process.exit(0))
  process.on('message', async (question) => {
    try {
      process.send?.({ answer: await reply(question as Question) })
    } catch (error) {
      process.send?.({ error: error instanceof Error ? (error.stack ?? error.message) : String(error) })
    }
  })
  process.send?.({ answer: 'ready' })
}
