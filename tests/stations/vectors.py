"""The shared vectors of packs, near and find, as `write_vectors` wrote them."""

import json

from tests.stations.write_vectors import OUT

VECTORS = json.loads(OUT.read_text(encoding="utf-8"))
