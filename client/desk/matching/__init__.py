"""Who may be the same person. May import nothing else of the desk."""
