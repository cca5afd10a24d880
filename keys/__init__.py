"""The ground: bytes in, bytes out. No files, no sockets; clock and random bytes come in as parameters."""
