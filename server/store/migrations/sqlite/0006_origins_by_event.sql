-- An origin is of its event's account, so a deletion finds it by the events of that; this index had each event write one place more.
DROP INDEX IF EXISTS audit_origins_by_account;
