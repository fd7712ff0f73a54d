-- The address of a credential's account: a login looks at this table alone, and as shortly for an address whose account has
-- no credential, or that nobody has.

-- What a hand without foreign keys left behind belongs to nobody.
DELETE FROM credentials WHERE account_id NOT IN (SELECT id FROM accounts);
ALTER TABLE credentials ADD COLUMN email_key TEXT NOT NULL DEFAULT '';
UPDATE credentials SET email_key = (SELECT email_key FROM accounts WHERE accounts.id = credentials.account_id);
CREATE UNIQUE INDEX credentials_by_email_key ON credentials (email_key);
