"""The process: locking, collecting, hardening. May import `web`, the desk and what is below it."""
