"""The one place that speaks HTTP. May import `client.files` and `keys`."""
