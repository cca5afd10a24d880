"""What leaves the desk, and only what people allow to. May import the desk and its cases, not its pages."""
