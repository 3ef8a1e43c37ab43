/** The introduction of the reference page, in Markdown. */
export const introduction = `
The API of Muster, a self-hosted backend for a team’s product. The guides say what this reference does not say:
[using Muster from a front end](/docs/guides/use), [signing in and its protection](/docs/guides/sign-in) and
[who may do what](/docs/guides/permissions).

## Signing in

A session is two cookies that the browser keeps and sends; no script reads them. On this page: send **Sign in by password**
(\`POST /api/v1/auth/login\`) with your e-mail and password, and every further request of the page is signed in. A page of your own sends
requests with \`credentials: 'include'\`. An expired access token is renewed within any request.

## Answers and errors

A success is \`{ success: true, message?, data, pagination? }\`, a failure
\`{ success: false, message, error: { code, requestId, details? } }\`. Decide by \`error.code\`, show \`message\`, and put each of
\`details\` beside the field that it names. Each operation lists the codes that it can answer with.

## Lists

\`page\` and \`limit\` number the pages; \`cursor\` continues after the page before, with its \`nextCursor\`. \`pagination\` has the same keys
in every list. Several values of one parameter are separated by commas: \`status=todo,in-progress\`; \`\\,\` is a comma within a value.

## Versions and repetitions

\`ETag\` is the version of a resource. \`If-None-Match\` saves reading it again (304), \`If-Match\` refuses to overwrite a change that you have
not seen (412 \`STALE\`). A POST with an \`Idempotency-Key\` can be repeated within 24 hours without creating a second resource.

## Limits

\`RateLimit-Limit\`, \`RateLimit-Remaining\` and \`RateLimit-Reset\` show the state of the limits; 429 and 503 say in \`Retry-After\` how many
seconds to wait. A JSON body has at most 1 MiB.

## Realtime

Socket.IO answers at \`/socket.io\`, with the cookies of the session: new notifications, chats, presence and the state of files arrive there at once.
This document has HTTP alone; [the guide of realtime](/docs/guides/realtime) has every event with its schema.

## Times and ids

Times are ISO 8601 with an offset, such as \`2030-01-15T09:00:00+01:00\`; answers are in UTC with milliseconds. Ids are UUIDs in lower case.
`.trim()
