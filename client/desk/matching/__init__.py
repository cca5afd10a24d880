"""Matching of persons who may be the same. May import nothing else of the desk."""
