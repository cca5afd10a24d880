"""Sealed letters that have not left yet, and when each is tried again. Imports transport, files, keys."""
