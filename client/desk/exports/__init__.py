"""Files that leave the desk, only with what people allow. May import the desk and its cases, not its pages."""
