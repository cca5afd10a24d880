"""The relay's calls over HTTP. May import mailboxes, admission, receipts, cards, push and store."""
