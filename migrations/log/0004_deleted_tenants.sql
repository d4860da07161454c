-- deleted  when (RFC 3339 UTC) the tenant was deleted; null for all others. The row stays for ever, and with it the log takes nothing more of
--          the tenant: what comes late finds no head to stand behind.
ALTER TABLE heads ADD COLUMN deleted TEXT;
