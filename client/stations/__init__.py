"""Lists of stations: built by an organisation, signed by its root, searched offline. Specified in `pack.md`."""
