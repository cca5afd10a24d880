"""The desk in a browser of the same computer. May import exports, documents, the desk and its cases."""
