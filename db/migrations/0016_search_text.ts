import { type Kysely, sql } from 'kysely'

/*
 * Search and sorting of texts, the same under every locale of a cluster (LC_CTYPE, LC_COLLATE): characters are classified by the lists
 * below, which were made from Unicode 17, and no parser of text search is used. NFKD comes first, so the lists do not have
 * characters that it decomposes. They are parts of bracket expressions of regular expressions.
 */

/** Diacritics of Latin, Greek and Cyrillic, points of Hebrew and Arabic, nuktas of India, tatweel, and what is invisible or varies an emoji. */
const ignored =
  '\\u00ad\\u0300-\\u036f\\u0483-\\u0489\\u0591-\\u05bd\\u05bf\\u05c1\\u05c2\\u05c4\\u05c5\\u05c7\\u0610-\\u061a\\u061c\\u0640' +
  '\\u064b-\\u065f\\u0670\\u06d6-\\u06dc\\u06df-\\u06e4\\u06e7\\u06e8\\u06ea-\\u06ed\\u0711\\u0730-\\u074a\\u08ca-\\u08e1' +
  '\\u08e3-\\u08ff\\u093c\\u09bc\\u0a3c\\u0abc\\u0b3c\\u0cbc' +
  '\\u115f\\u1160\\u17b4\\u17b5\\u180b-\\u180f\\u1ab0-\\u1aeb\\u1dc0-\\u1dff\\u200b-\\u200f\\u202a-\\u202e' +
  '\\u2060-\\u206f\\u20d0-\\u20f0\\u3164\\ufe00-\\ufe2f\\ufeff-\\uffa0\\U0001bca0-\\U0001bca3\\U0001d173-\\U0001d17a' +
  '\\U0001f3fb-\\U0001f3ff\\U000e0001-\\U000e01ef'

/** Punctuation, blanks, currencies, signs of mathematics, and the letters that look like an apostrophe. */
const separators =
  '\\u0001-\\u002f\\u003a-\\u0040\\u005b-\\u0060\\u007b-\\u00ac\\u00ae-\\u00bf\\u00d7\\u00f7\\u02b9-\\u02cf\\u02d2-\\u02ff' +
  '\\u0375\\u03f6\\u0482\\u055a-\\u055f\\u0589-\\u058f\\u05be\\u05c0\\u05c3\\u05c6\\u05f3-\\u060f\\u061b' +
  '\\u061d-\\u061f\\u066a-\\u066d\\u06d4\\u06dd\\u06de\\u06e9\\u06fd\\u06fe\\u0700-\\u070f\\u07f6-\\u07f9\\u07fe\\u07ff' +
  '\\u0830-\\u083e\\u085e\\u0888\\u0890\\u0891\\u08e2\\u0964\\u0965\\u0970\\u09f2\\u09f3\\u09fa\\u09fb\\u09fd\\u0a76\\u0af0\\u0af1' +
  '\\u0b70\\u0bf3-\\u0bfa\\u0c77\\u0c7f\\u0c84\\u0d4f\\u0d79\\u0df4\\u0e3f\\u0e4f\\u0e5a\\u0e5b\\u0f01-\\u0f17\\u0f1a-\\u0f1f' +
  '\\u0f34\\u0f36\\u0f38\\u0f3a-\\u0f3d\\u0f85\\u0fbe-\\u0fc5\\u0fc7-\\u0fda\\u104a-\\u104f\\u109e\\u109f\\u10fb\\u1360-\\u1368' +
  '\\u1390-\\u1399\\u1400\\u166d\\u166e\\u1680\\u169b\\u169c\\u16eb-\\u16ed\\u1735\\u1736\\u17d4-\\u17d6\\u17d8-\\u17db' +
  '\\u1800-\\u180a\\u1940-\\u1945\\u19de-\\u19ff\\u1a1e\\u1a1f\\u1aa0-\\u1aa6\\u1aa8-\\u1aad\\u1b4e\\u1b4f\\u1b5a-\\u1b6a' +
  '\\u1b74-\\u1b7f\\u1bfc-\\u1bff\\u1c3b-\\u1c3f\\u1c7e\\u1c7f\\u1cc0-\\u1cc7\\u1cd3\\u2010-\\u2029\\u2030-\\u205e\\u20a0-\\u20c1' +
  '\\u2104-\\u212e\\u213a-\\u214d\\u214f\\u218a\\u218b\\u2308-\\u230b\\u2768-\\u2775\\u27c5\\u27c6\\u27e6-\\u27ef\\u2983-\\u2998' +
  '\\u29d8-\\u29db\\u29fc\\u29fd\\u2cf9-\\u2cfc\\u2cfe\\u2cff\\u2d70\\u2e00-\\u2e2e\\u2e30-\\u2e4f\\u2e52-\\u3004\\u3008-\\u3020' +
  '\\u3030\\u3037\\u303d-\\u303f\\u309b\\u309c\\u30a0\\u30fb\\u3190\\u3191\\u31c0-\\u31ef\\u327f\\ua4fe\\ua4ff\\ua60d-\\ua60f' +
  '\\ua673\\ua67e\\ua6f2-\\ua716\\ua720\\ua721\\ua789-\\ua78c\\ua838\\ua874-\\ua877\\ua8ce\\ua8cf\\ua8f8-\\ua8fa\\ua8fc\\ua92e' +
  '\\ua92f\\ua95f\\ua9c1-\\ua9cd\\ua9de\\ua9df\\uaa5c-\\uaa5f\\uaade\\uaadf\\uaaf0\\uaaf1\\uab5b\\uab6a\\uab6b\\uabeb' +
  '\\ufbb2-\\ufbc2\\ufd3e\\ufd3f\\ufe45\\ufe46\\ufff9-\\ufffb\\U00010100-\\U00010102\\U0001039f\\U000103d0\\U0001056f\\U00010857' +
  '\\U0001091f\\U0001093f\\U00010a50-\\U00010a58\\U00010a7f\\U00010af0-\\U00010af6\\U00010b39-\\U00010b3f\\U00010b99-\\U00010b9c' +
  '\\U00010d6e\\U00010ead\\U00010ed0\\U00010f55-\\U00010f59\\U00010f86-\\U00010f89\\U00011047-\\U0001104d\\U000110bb-\\U000110c1' +
  '\\U000110cd\\U00011140-\\U00011143\\U00011174\\U00011175\\U000111c5-\\U000111c8\\U000111cd\\U000111db\\U000111dd-\\U000111df' +
  '\\U00011238-\\U0001123d\\U000112a9\\U000113d4-\\U000113d8\\U0001144b-\\U0001144f\\U0001145a-\\U0001145d\\U000114c6' +
  '\\U000115c1-\\U000115d7\\U00011641-\\U00011643\\U00011660-\\U0001166c\\U000116b9\\U0001173c-\\U0001173e\\U0001183b' +
  '\\U00011944-\\U00011946\\U000119e2\\U00011a3f-\\U00011a46\\U00011a9a-\\U00011a9c\\U00011a9e-\\U00011aa2\\U00011b00-\\U00011b09' +
  '\\U00011be1\\U00011c41-\\U00011c45\\U00011c70\\U00011c71\\U00011ef7\\U00011ef8\\U00011f43-\\U00011f4f\\U00011fdd-\\U00011fe0' +
  '\\U00011fff\\U00012470-\\U00012474\\U00012ff1\\U00012ff2\\U00013430-\\U0001343f\\U00016a6e\\U00016a6f\\U00016af5' +
  '\\U00016b37-\\U00016b3b\\U00016b44\\U00016d6d-\\U00016d6f\\U00016e97-\\U00016e9a\\U00016fe2\\U0001bc9f\\U0001da87-\\U0001da8b' +
  '\\U0001e2ff\\U0001e5ff\\U0001e95e\\U0001e95f\\U0001ecb0'

/** Letters and digits of scripts that are written without blanks between words, syllables of Korean, symbols and emoji. */
const units =
  '\\u0e01-\\u0e30\\u0e32\\u0e40-\\u0e46\\u0e50-\\u0e59\\u0e81-\\u0eb0\\u0eb2\\u0ebd-\\u0ec6\\u0ed0-\\u0f00\\u0f20-\\u0f33' +
  '\\u0f40-\\u0f6c\\u0f88-\\u0f8c\\u1000-\\u102a\\u103f-\\u1049\\u1050-\\u1055\\u105a-\\u105d\\u1061\\u1065\\u1066\\u106e-\\u1070' +
  '\\u1075-\\u1081\\u108e\\u1090-\\u1099\\u1100-\\u115e\\u1161-\\u11ff\\u1780-\\u17b3\\u17d7\\u17dc\\u17e0-\\u17f9\\u1950-\\u19da' +
  '\\u1a20-\\u1a54\\u1a80-\\u1a99\\u1aa7\\u1b05-\\u1b33\\u1b45-\\u1b4c\\u1b50-\\u1b59\\u2190-\\u2307\\u230c-\\u244a\\u2500-\\u2767' +
  '\\u2794-\\u27c4\\u27c7-\\u27e5\\u27f0-\\u2982\\u2999-\\u29d7\\u29dc-\\u29fb\\u29fe-\\u2bff\\u2ce5-\\u2cea\\u2e50\\u2e51' +
  '\\u3005-\\u3007\\u3021-\\u3029\\u303b\\u3041-\\u3096\\u309d-\\u309f\\u30a1-\\u30fa\\u30fc-\\u312f\\u31a0-\\u31bf\\u31f0-\\u31ff' +
  '\\u3400-\\ua4c6\\ua828-\\ua82b\\ua836\\ua837\\ua839\\ua960-\\ua97c\\ua984-\\ua9b2\\ua9d0-\\ua9d9\\ua9e0-\\ua9e4\\ua9e6-\\ua9fe' +
  '\\uaa60-\\uaa7a\\uaa7e-\\uaaaf\\uaab1\\uaab5\\uaab6\\uaab9-\\uaabd\\uaac0\\uaac2-\\uaadd\\uac00-\\ufa29\\ufbc3-\\ufbd2' +
  '\\ufd40-\\ufdff\\ufffc\\ufffd\\U00010137-\\U0001013f\\U00010179-\\U00010189\\U0001018c-\\U000101fc\\U00010877\\U00010878' +
  '\\U00010ac8\\U00010d8e\\U00010d8f\\U00010ed1-\\U00010ed8\\U000116d0-\\U000116e3\\U0001173f\\U00011fd5-\\U00011fdc' +
  '\\U00011fe1-\\U00011ff1\\U00016b3c-\\U00016b3f\\U00016b45\\U00016fe3\\U00016ff2-\\U00016ff6\\U0001aff0-\\U0001b167\\U0001bc9c' +
  '\\U0001cc00-\\U0001cef0\\U0001cf50-\\U0001d15d\\U0001d16a-\\U0001d16c\\U0001d183\\U0001d184\\U0001d18c-\\U0001d1a9' +
  '\\U0001d1ae-\\U0001d241\\U0001d245\\U0001d300-\\U0001d356\\U0001d800-\\U0001d9ff\\U0001da37-\\U0001da3a\\U0001da6d-\\U0001da74' +
  '\\U0001da76-\\U0001da83\\U0001da85\\U0001da86\\U0001e14f\\U0001ecac\\U0001ed2e\\U0001eef0-\\U0001f0f5\\U0001f10d-\\U0001f3fa' +
  '\\U0001f400-\\U00033479'

/** Vowel signs and tones of these scripts, which belong to the letter before them, and the signs that stack the next letter. */
const unitMarks =
  '\\u0e31\\u0e34-\\u0e3a\\u0e47-\\u0e4e\\u0eb1\\u0eb4-\\u0ebc\\u0ec8-\\u0ece\\u0f18\\u0f19\\u0f35\\u0f37\\u0f39\\u0f3e\\u0f3f' +
  '\\u0f71-\\u0f84\\u0f86\\u0f87\\u0f8d-\\u0fbc\\u0fc6\\u102b-\\u103e\\u1056-\\u1059\\u105e-\\u1060\\u1062-\\u1064\\u1067-\\u106d' +
  '\\u1071-\\u1074\\u1082-\\u108d\\u108f\\u109a-\\u109d\\u17b6-\\u17d3\\u17dd\\u1a55-\\u1a7f\\u1b00-\\u1b04\\u1b34-\\u1b44' +
  '\\u1b6b-\\u1b73\\u302a-\\u302f\\u3099\\u309a\\ua980-\\ua983\\ua9b3-\\ua9c0\\ua9e5\\uaa7b-\\uaa7d\\uaab0\\uaab2-\\uaab4\\uaab7' +
  '\\uaab8\\uaabe\\uaabf\\uaac1\\U00016ff0\\U00016ff1'
/** Two of them are one flag. */
const flagLetters = '\\U0001f1e6-\\U0001f1ff'
const stackers = '\\u1039\\u17d2\\u1a60'

/** Letters without a decomposition, and what is searched for each. */
const letters = 'ıłđðøħŋŧɓɗƙƴςىیةہەھکٱ'
const plainLetters = 'ilddohntbdkyσييههههكا'
/** The digits of all scripts, from zero to nine. */
const digits =
  '٠١٢٣٤٥٦٧٨٩۰۱۲۳۴۵۶۷۸۹߀߁߂߃߄߅߆߇߈߉०१२३४५६७८९০১২৩৪৫৬৭৮৯੦੧੨੩੪੫੬੭੮੯૦૧૨૩૪૫૬૭૮૯୦୧୨୩୪୫୬୭୮୯௦௧௨௩௪௫௬௭௮௯౦౧౨౩౪౫౬౭౮౯೦೧೨೩೪೫೬೭೮೯' +
  '൦൧൨൩൪൫൬൭൮൯෦෧෨෩෪෫෬෭෮෯๐๑๒๓๔๕๖๗๘๙໐໑໒໓໔໕໖໗໘໙༠༡༢༣༤༥༦༧༨༩၀၁၂၃၄၅၆၇၈၉႐႑႒႓႔႕႖႗႘႙០១២៣៤៥៦៧៨៩᠐᠑᠒᠓᠔᠕᠖᠗᠘᠙᥆᥇᥈᥉᥊᥋᥌᥍᥎᥏᧐᧑᧒᧓᧔᧕᧖᧗᧘᧙' +
  '᪀᪁᪂᪃᪄᪅᪆᪇᪈᪉᪐᪑᪒᪓᪔᪕᪖᪗᪘᪙᭐᭑᭒᭓᭔᭕᭖᭗᭘᭙᮰᮱᮲᮳᮴᮵᮶᮷᮸᮹᱀᱁᱂᱃᱄᱅᱆᱇᱈᱉᱐᱑᱒᱓᱔᱕᱖᱗᱘᱙꘠꘡꘢꘣꘤꘥꘦꘧꘨꘩꣐꣑꣒꣓꣔꣕꣖꣗꣘꣙꤀꤁꤂꤃꤄꤅꤆꤇꤈꤉꧐꧑꧒꧓꧔꧕꧖꧗꧘꧙꧰꧱꧲꧳꧴꧵꧶꧷꧸꧹' +
  '꩐꩑꩒꩓꩔꩕꩖꩗꩘꩙꯰꯱꯲꯳꯴꯵꯶꯷꯸꯹'
const asciiDigits = '0123456789'.repeat(digits.length / 10)

/** Separates the units of a run from each other and from words beside it. */
const join = '\\x01'

/**
 * search_fold: the words of a text as they are compared, with blanks between them and `join` between units. Devanagari and its like keep
 * their vowel signs and Japanese its voicing marks: NFC puts them back.
 */
const fold = `
create function search_fold(given text) returns text language plpgsql immutable strict parallel safe as $$
declare
  folded text collate "C";
begin
  if octet_length(given) = char_length(given) then
    return btrim(regexp_replace(lower(given collate "C"), '[^a-z0-9]+' collate "C", ' ', 'g'));
  end if;
  folded := lower(normalize(given, NFKD) collate "und-x-icu");
  folded := translate(regexp_replace(folded, '[${ignored}]+', '', 'g'), '${letters}', '${plainLetters}');
  folded := replace(replace(replace(replace(folded, 'ß', 'ss'), 'æ', 'ae'), 'œ', 'oe'), 'þ', 'th');
  if folded ~ '[${digits}]' then folded := translate(folded, '${digits}', '${asciiDigits}'); end if;
  folded := regexp_replace(normalize(folded, NFC), '[${separators}]+', ' ', 'g');
  folded := regexp_replace(
    folded, '[${flagLetters}]{2}|[${units}](?:[${stackers}][${units}]|[${unitMarks}])*', E'${join}\\\\&${join}', 'g');
  return btrim(regexp_replace(folded, E'${join}* +${join}*', ' ', 'g'), E' ${join}');
end
$$`

/** Beyond this a word is cut, on both sides of a search: a lexeme has at most 2046 bytes. */
const maxWordLength = 200

/**
 * search_lexemes: the words of a text with their positions. The parser of text search is faster and gives the same for
 * ASCII, where no letter follows a digit: it would split some of these words, such as `1e5x`.
 */
const lexemes = `
create function search_lexemes(given text) returns tsvector language plpgsql immutable strict parallel safe as $$
declare
  folded text := search_fold(given);
begin
  if octet_length(folded) = char_length(folded) and folded !~ '[0-9][a-z]' collate "C" then
    return to_tsvector('simple', folded);
  end if;
  return (
    select string_agg(quote_literal(left(word, ${maxWordLength})) || ':' || place, ' ')::tsvector
    from regexp_split_to_table(folded, E'[ ${join}]+' collate "C") with ordinality as words (word, place)
    where word <> ''
  );
end
$$`

/** search_vector: the words of a title with weight A, and those of a description behind them with weight B. */
const vector = `
create function search_vector(title text, description text) returns tsvector language sql immutable parallel safe
return case
  when description <> '' then setweight(search_lexemes(title), 'A') || setweight(search_lexemes(description), 'B')
  else setweight(search_lexemes(title), 'A')
end`

/**
 * search_query: the words of a search. Quotes, \`or\` and - before a word mean what they mean in a web search. A word also finds the words
 * that begin with it, a run of units the runs that contain it; of a phrase, only the last word does.
 */
const query = `
create function search_query(given text) returns tsquery language plpgsql immutable strict parallel safe as $$
declare
  part text[];
  term text;
  terms text := '';
  has_or boolean := false;
begin
  for part in
    select regexp_matches(
      translate(given, '“”„‟〝〞＂　 －−', '"""""""  --') collate "C", '((?<!\\S)-)?(?:"([^"]*)"|([^\\s"]+))', 'g')
  loop
    if part[1] is null and lower(part[3]) = 'or' and terms <> '' and not has_or then
      has_or := true;
      continue;
    end if;
    term := search_term(coalesce(part[2], part[3]), part[2] is not null);
    continue when term = '';
    terms := terms || case when terms = '' then '' when has_or then ' | ' else ' & ' end
      || case when part[1] is null then term else '!(' || term || ')' end;
    has_or := false;
  end loop;
  if has_or then terms := terms || ' & ''or'':*'; end if;
  return terms::tsquery;
end
$$`

/** search_term: the query of one word, or of one phrase. Blanks within it separate words that stand anywhere, units stay neighbours. */
const term = `
create function search_term(given text, is_phrase boolean) returns text language sql immutable strict parallel safe as $$
  select coalesce(string_agg(phrase || ':*', ' & '), '')
  from regexp_split_to_table(
      case when is_phrase then translate(search_fold(given), ' ', E'${join}') else search_fold(given) end, ' ' collate "C"
    ) as chunk
    cross join lateral (
      select string_agg(quote_literal(left(word, ${maxWordLength})), ' <-> ' order by place) as phrase
      from regexp_split_to_table(chunk, E'${join}+' collate "C") with ordinality as words (word, place)
      where word <> ''
    ) as phrases
$$`

const trigger = `
create function fill_task_search() returns trigger language plpgsql as $$
begin
  new.search := search_vector(new.title, new.description);
  return new;
end
$$`

// biome-ignore lint/suspicious/noExplicitAny: a migration is frozen in time and must not follow today's types
type AnyDb = Kysely<any>

export async function up(db: AnyDb): Promise<void> {
  for (const statement of [fold, lexemes, vector, term, query, trigger]) await sql.raw(statement).execute(db)
  // A trigger also fills what the previous release writes. A generated column would write the whole table anew, under a lock.
  await sql`alter table tasks alter column search drop expression`.execute(db)
  await sql`
    create trigger tasks_search before insert or update of title, description on tasks
    for each row execute function fill_task_search()`.execute(db)
  // Numbers by their value, then letters by alphabet, accents and case only between words that are equal otherwise.
  await sql`create collation alphabetical (provider = icu, locale = 'und-u-kn-true')`.execute(db)
}

export async function down(db: AnyDb): Promise<void> {
  const marks = `!"#$%&'()*+,-./:;<=>?@[\\]^_\`{|}~`
  const words = (column: string) =>
    sql`to_tsvector('simple', translate(coalesce(${sql.id(column)}, ''), ${sql.lit(marks)}, ${sql.lit(' '.repeat(marks.length))}))`
  await sql`drop trigger tasks_search on tasks`.execute(db)
  await sql`alter table tasks drop column search`.execute(db)
  await sql`
    alter table tasks add column search tsvector generated always as (
      setweight(${words('title')}, 'A') || setweight(${words('description')}, 'B')
    ) stored`.execute(db)
  await sql`create index tasks_search on tasks using gin (search)`.execute(db)
  await sql`drop function fill_task_search, search_query, search_term, search_vector, search_lexemes, search_fold`.execute(db)
  await sql`drop collation alphabetical`.execute(db)
}

/** Texts of users, which were stored as they came, with the lengths that their columns allow. */
const texts = [
  { table: 'tasks', column: 'title', min: 3, max: 200 },
  { table: 'tasks', column: 'description', min: 0, max: 1000 },
  { table: 'tasks', column: 'category', min: 0, max: 50 },
  { table: 'users', column: 'name', min: 1, max: 100 },
  { table: 'users', column: 'bio', min: 0, max: 150 },
  { table: 'organizations', column: 'name', min: 1, max: 100 },
  { table: 'invites', column: 'organization_name', min: 1, max: 100 },
  { table: 'reminders', column: 'message', min: 0, max: 500 },
  { table: 'attachments', column: 'filename', min: 1, max: 255 },
]
const done = 'search_vector'

/**
 * Converts the texts to NFC, so that one category is one, and fills the searched column anew. Runs after the commit, in small transactions
 * that lock only the rows they change, beside a running API.
 */
export async function finish(db: AnyDb): Promise<void> {
  const { rows } = await sql<{ mark: string | null }>`
    select col_description(attrelid, attnum) as mark from pg_attribute
    where attrelid = 'tasks'::regclass and attname = 'search'`.execute(db)
  if (rows[0]?.mark === done) return
  for (const { table, column, min, max } of texts) {
    const text = sql.ref(column)
    await inBatches(db, table, sql`
      set ${text} = normalize(${text}, NFC)
      where ${text} is not nfc normalized and char_length(normalize(${text}, NFC)) between ${sql.lit(min)} and ${sql.lit(max)}`)
  }
  const vector = sql`search_vector(title, description)`
  await inBatches(db, 'tasks', sql`set search = ${vector} where search is distinct from ${vector}`)
  await sql`comment on column tasks.search is ${sql.lit(done)}`.execute(db)
}

/** Updates a table in the order of its ids. The change ends with a condition. */
async function inBatches(db: AnyDb, table: string, change: ReturnType<typeof sql>): Promise<void> {
  let last: string | null = '00000000-0000-0000-0000-000000000000'
  while (last !== null) {
    const { rows } = await sql<{ id: string | null }>`
      select id from (select id from ${sql.table(table)} where id > ${last}::uuid order by id limit 2000) page
      order by id desc limit 1`.execute(db)
    const next: string | null = rows[0]?.id ?? null
    if (next !== null)
      await sql`update ${sql.table(table)} ${change} and id > ${last}::uuid and id <= ${next}::uuid`.execute(db)
    last = next
  }
}
