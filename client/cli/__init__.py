"""The `tocsin` command: options, one call, words for people. Nothing else of the client imports it."""
