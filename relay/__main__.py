"""`python -m relay`: the same as `tocsin relay`."""

from relay.command import relay

relay(prog_name="relay")
