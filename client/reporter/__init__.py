"""The reporter's folder, reports and replies. Imports outbox, transport, report, files, keys."""
