"""Legal deadlines, from tables by country. May import nothing else of the desk."""
