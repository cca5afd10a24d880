"""The commands of `tocsin`, one file for each."""
