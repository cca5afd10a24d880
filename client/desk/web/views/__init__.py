"""The pages: each reads the request, calls once and renders. May import what `web` may."""
