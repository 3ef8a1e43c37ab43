/** Key of a user's cached profile. */
export const profileKey = (userId: string) => `user:profile:v1:${userId}`

/** Key of a user's cached analytics. */
export const analyticsKey = (userId: string) => `user:analytics:v1:${userId}`
