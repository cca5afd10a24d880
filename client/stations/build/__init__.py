"""Building packs from tables, GeoJSON and OpenStreetMap extracts. May import `client.stations.pack.pack`."""
