-- The same rules in other words. SQLite makes a list of more than two words into a table of its own for
-- every row that is written, and these are the rows that are written for every text. Only the words of
-- the schema change, as https://www.sqlite.org/lang_altertable.html (7) has it done.
PRAGMA writable_schema = ON;

UPDATE sqlite_schema SET sql = replace(sql,
  'status IN (''submitted'', ''delivered'', ''undelivered'', ''rejected'', ''expired'', ''closed'')',
  'status = ''submitted'' OR status = ''delivered'' OR status = ''undelivered'''
  || ' OR status = ''rejected'' OR status = ''expired'' OR status = ''closed''')
WHERE name = 'message';

UPDATE sqlite_schema SET sql = replace(sql,
  'status IN (''queued'', ''sending'', ''unconfirmed'')',
  'status = ''queued'' OR status = ''sending'' OR status = ''unconfirmed''')
WHERE name = 'outbox';

UPDATE sqlite_schema SET sql = replace(sql,
  'outcome IN (''accepted'', ''rejected'', ''deferred'', ''unconfirmed'')',
  'outcome = ''accepted'' OR outcome = ''rejected'' OR outcome = ''deferred'''
  || ' OR outcome = ''unconfirmed''')
WHERE name = 'attempt';

UPDATE sqlite_schema SET sql = replace(sql,
  'state IN (''pending'', ''approved'', ''locked'')',
  'state = ''pending'' OR state = ''approved'' OR state = ''locked''')
WHERE name = 'verification';

UPDATE sqlite_schema SET sql = replace(sql,
  'status IN (''delivered'', ''undelivered'', ''rejected'', ''expired'', ''closed'')',
  'status = ''delivered'' OR status = ''undelivered'' OR status = ''rejected'''
  || ' OR status = ''expired'' OR status = ''closed''')
WHERE name = 'report';

PRAGMA writable_schema = RESET;
