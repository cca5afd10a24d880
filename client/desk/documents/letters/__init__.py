"""Letters filled in from a case: templates are data, gaps stay visible. Imports the desk's cases and below."""
