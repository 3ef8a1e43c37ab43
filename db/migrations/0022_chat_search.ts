import { type Kysely, sql } from 'kysely'

// biome-ignore lint/suspicious/noExplicitAny: a migration is frozen in time and must not follow today's types
type AnyDb = Kysely<any>

/**
 * Begins each word of a message with a mark of its chat. So a search reads the words of the searcher's chats alone, however many messages
 * others have: neither its cost nor its time depends on them. The mark is the random end of the chat's id; two chats may share
 * it, and a search compares the id too.
 */
export async function up(db: AnyDb): Promise<void> {
  await sql`
    create function chat_mark(chat_id uuid) returns text language sql immutable strict parallel safe
    return right(chat_id::text, 8)`.execute(db)
  // The text of a tsvector is 'word':1,3 'word':2. Words contain neither blanks nor quotes. The mark alone stands for any word.
  await sql`
    create function chat_search_vector(chat_id uuid, given text) returns tsvector language sql immutable strict parallel safe
    return (
      replace(' ' || search_lexemes(given)::text, ' ''', ' ''' || chat_mark(chat_id)) || ' ' || chat_mark(chat_id)
    )::tsvector`.execute(db)
  // A search that only excludes words would read the whole index without the mark.
  await sql`
    create function chat_search_query(chat_id uuid, query text) returns tsquery language sql immutable strict parallel safe
    return (
      case when strpos(query, '!') > 0 then chat_mark(chat_id) || ' & (' else '(' end
      || regexp_replace(query, '''([^'']*)''', '''' || chat_mark(chat_id) || '\\1''', 'g') || ')'
    )::tsquery`.execute(db)
  await sql`
    create or replace function fill_message_search() returns trigger language plpgsql as $$
    begin
      new.search := chat_search_vector(new.chat_id, new.body);
      return new;
    end
    $$`.execute(db)
  // A search of many chats would read the list of pending entries once for each.
  await sql`alter index messages_search set (fastupdate = off)`.execute(db)
  // The members of a chat in the order in which they joined.
  await sql`create index chat_members_active on chat_members (chat_id, joined_change) where left_change is null`.execute(db)
}

export async function down(db: AnyDb): Promise<void> {
  await sql`drop index chat_members_active`.execute(db)
  await sql`alter index messages_search reset (fastupdate)`.execute(db)
  await sql`
    create or replace function fill_message_search() returns trigger language plpgsql as $$
    begin
      new.search := search_vector(null, new.body);
      return new;
    end
    $$`.execute(db)
  await sql`drop function chat_search_query, chat_search_vector, chat_mark`.execute(db)
}
