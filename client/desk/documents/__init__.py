"""Letters and PDF. May import the desk and its cases, not its pages."""
