-- The address of a credential's account: a login looks at this table alone, and as shortly for an address whose account has
-- no credential, or that nobody has.

-- A server of before would go on changing addresses and adding credentials without them.
LOCK TABLE accounts IN SHARE MODE;
SET LOCAL statement_timeout = 0;
DELETE FROM credentials WHERE account_id NOT IN (SELECT id FROM accounts);
-- In the order of bytes, as in accounts, and as on SQLite.
ALTER TABLE credentials ADD COLUMN email_key TEXT COLLATE "C" NOT NULL DEFAULT '';
UPDATE credentials SET email_key = accounts.email_key FROM accounts WHERE accounts.id = credentials.account_id;
CREATE UNIQUE INDEX credentials_by_email_key ON credentials (email_key);
