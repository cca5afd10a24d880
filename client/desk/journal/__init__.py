"""The append-only log of who did what, sealed and chained. May import `client.organisation` and what is below it."""
