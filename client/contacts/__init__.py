"""Contacts on a computer: pairing, alerts. Imports outbox, transport, report, files, keys."""
