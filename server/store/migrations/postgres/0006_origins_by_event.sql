-- An origin is of its event's account, so a deletion finds it by the events of that; this index had each event write one place more.

-- Whoever logs in waits behind this, as long as it waits for whoever reads the table, such as a dump.
SET LOCAL lock_timeout = '500ms';
DROP INDEX IF EXISTS audit_origins_by_account;
