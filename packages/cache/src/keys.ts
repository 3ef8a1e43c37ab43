/** Key of a user's cached profile. */
export const profileKey = (userId: string) => `user:profile:v1:${userId}`

/** Key of a user's cached analytics. The number rises with the shape: releases that run side by side keep their own. */
export const analyticsKey = (userId: string) => `user:analytics:v3:${userId}`
