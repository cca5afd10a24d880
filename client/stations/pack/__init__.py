"""Packs of stations, read and searched offline, with the phone's answers. Imports stations.errors, keys."""
