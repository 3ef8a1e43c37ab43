/** A membership that has not ended, with the number of the latest change of the chat. */
export type MembershipRow = {
  chat_id: string
  user_id: string
  joined_seq: number
  joined_change: number
  change: number
}
