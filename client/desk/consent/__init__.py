"""Whose words and names may leave, and how a text without them reads. May import `matching`."""
