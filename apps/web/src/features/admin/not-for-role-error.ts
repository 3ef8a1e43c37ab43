/** Says that the role of the user opens no page for operators. */
export class NotForRoleError extends Error {
  override name = 'NotForRoleError'
}
