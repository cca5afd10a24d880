"""From claims to facts: the database in memory. Imports journal, matching, consent, deadlines and below."""
