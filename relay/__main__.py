"""`python -m relay`: the same as `tocsin relay`."""

from relay.cli import relay

relay(prog_name="relay")
