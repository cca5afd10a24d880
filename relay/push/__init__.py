"""Ringing closed phones through their browsers' push services. May import the store."""
