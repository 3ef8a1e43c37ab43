import * as z from 'zod/mini'

// The Content-Security-Policy forbids code that is made from text. Before any schema.
z.config({ jitless: true })

export { z }
