/** Answers the questions of the parent, which started this process by `startChild`. The process exits with it. */
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
