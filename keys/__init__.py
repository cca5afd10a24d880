"""The ground: bytes in, bytes out. No files, no sockets; clock and chance come in as parameters."""
