"""The phone app as a folder that any static host can serve: built, signed, tried, checked. Specified in `site.md`."""
