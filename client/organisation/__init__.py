"""An organisation's folder: keys, records, inbox, replies. Imports outbox, transport, report, files, keys."""
