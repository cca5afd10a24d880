"""What somebody who reports has and does. Imports outbox, transport, report, files, keys."""
