"""`tocsin relay ...`, also `python -m relay ...`. Only click is imported before a command runs."""

import os
import sys
from pathlib import Path
from typing import Any

import click

from keys.errors import TocsinError

SENTENCE = 1_000  # characters; click cuts a command's first sentence at 45


class _Group(click.Group):
    """Says what went wrong in two lines, exit code 1; its help says the first sentence of every command to its end."""

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        commands = [(name, self.get_command(ctx, name)) for name in self.list_commands(ctx)]
        with formatter.section("Commands"):
            formatter.write_dl([(name, command.get_short_help_str(SENTENCE)) for name, command in commands if command])

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except TocsinError as error:
            click.echo(f"error: {error.sentence}", err=True)
            if error.hint:
                click.echo(f"hint: {error.hint}", err=True)
            sys.exit(1)


class _Listen(click.ParamType[tuple[str, int]]):
    name = "HOST:PORT"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> tuple[str, int]:
        if isinstance(value, tuple):
            return value
        host, colon, port = str(value).rpartition(":")
        if not colon or not port.isascii() or not port.isdigit() or int(port) > 65_535:  # noqa: PLR2004
            self.fail("write HOST:PORT, as in 127.0.0.1:8440", param, ctx)
        return host.strip("[]"), int(port)


class _Origin(click.ParamType[str]):
    name = "URL"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        scheme, _, rest = str(value).partition("://")
        if scheme not in ("http", "https") or not rest.isascii() or not rest.strip("/") or set(rest) & set(" +?#@"):
            self.fail("write the relay's address, as in https://relay.example", param, ctx)
        return f"{scheme}://{rest.rstrip('/')}"


class _PushHost(click.ParamType[str]):
    name = "HOST"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        from relay.push.client import NotRung, PushHost  # noqa: PLC0415

        try:
            PushHost.parse(str(value))
        except NotRung:
            self.fail("write HOST, *.DOMAIN or HOST:PORT, in small letters", param, ctx)
        return str(value)


class _Contact(click.ParamType[str]):
    name = "URL"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        text = str(value)
        if not text.startswith(("mailto:", "https://")) or not text.isascii() or " " in text:
            self.fail("write mailto:NAME@DOMAIN or https://...", param, ctx)
        return text


DATA = click.option(
    "--data", required=True, type=click.Path(path_type=Path, file_okay=False), help="the relay's folder"
)


PUSH_HOSTS = click.option(
    "--push-host",
    "push_hosts",
    type=_PushHost(),
    multiple=True,
    help="push service called instead of the browsers' own",
)
PUSH_CA = click.option(
    "--push-ca", type=click.Path(path_type=Path, exists=True, dir_okay=False), help="authority of such a one"
)


@click.group(cls=_Group)
def relay() -> None:
    """Carry sealed envelopes that nobody here can read."""


@relay.command()
@DATA
@click.option("--listen", type=_Listen(), default="127.0.0.1:8440", show_default=True, help="port 0: any free one")
@click.option("--origin", "origins", type=_Origin(), multiple=True, help="address the relay is reached by; repeatable")
@click.option("--trusted-proxies", type=click.IntRange(0, 8), default=0, help="proxies in front of the relay")
@click.option("--max-bytes", type=click.IntRange(0), help="size of the database; default: four fifths of free space")
@click.option("--ballast-bytes", type=click.IntRange(0), help="kept free for acknowledging on a full disk")
@click.option("--per-address", type=click.IntRange(0), help="calls a minute from one address; 0: any number")
@click.option("--per-loopback", type=click.IntRange(0), help="the same for this machine, proxies and onion services")
@click.option("--work-floor", type=click.IntRange(0, 24), help="bits of work asked for at any time")
@click.option("--work-share", type=click.FloatRange(0, 1), help="of the space may be full before work is asked for")
@click.option("--unproven-share", type=click.FloatRange(0, 1), help="the same before unknown mailboxes are refused")
@click.option("--queue", type=click.IntRange(1), help="deposits that may wait for the disk")
@click.option("--waiting", type=click.IntRange(0), help="collect calls that may be held open")
@click.option("--cards", type=click.IntRange(0), help="organisations' cards kept")
@click.option("--silence-seconds", type=click.IntRange(1, 120), help="before a connection that says nothing is closed")
@click.option("--clock-is-right", is_flag=True, help="count lives by this computer's day from now on")
@click.option("--wake/--no-wake", default=None, help="ring closed phones; default: unless all origins are onions")
@PUSH_HOSTS
@PUSH_CA
@click.option("--push-contact", type=_Contact(), help="whom push services may turn to; default: the first https origin")
def serve(  # noqa: PLR0917 - a command takes its options by name
    data: Path,
    listen: tuple[str, int],
    origins: tuple[str, ...],
    trusted_proxies: int,
    clock_is_right: bool,
    wake: bool | None,
    push_hosts: tuple[str, ...],
    push_ca: Path | None,
    push_contact: str | None,
    **limits: Any,
) -> None:
    """Run the relay until it is told to stop."""
    from relay.config import Config, Limits, Push  # noqa: PLC0415
    from relay.server import serve as run  # noqa: PLC0415

    set_ = {name: value for name, value in limits.items() if value is not None}
    push = Push(wake, push_hosts or Push().hosts, push_ca, push_contact or "")
    config = Config(data, origins, Limits(**set_), push, trusted_proxies, clock_is_right)
    run(config, *listen, ready=lambda address: click.echo(f"relay listening on {address}"))
    # Everything is on disk and closed. A last thread of granian may still hold a Python object, and taking the
    # interpreter apart under it has been seen to abort the process.
    sys.stdout.flush()
    os._exit(0)


@relay.command()
@DATA
def sweep(data: Path) -> None:
    """Forget what is older than 35 days; a running relay does so every hour."""
    from relay.config import system_clock  # noqa: PLC0415
    from relay.server import sweep as run  # noqa: PLC0415

    forgotten = run(data, system_clock())
    click.echo(f"forgotten: {forgotten or 0}")
    if forgotten is None:
        click.echo("hint: nothing is, until the relay's clock has run on for a day once", err=True)


@relay.command()
@DATA
@click.option("--push", "calls", is_flag=True, help="also try whether push services can be reached from here")
@PUSH_HOSTS
@PUSH_CA
def check(data: Path, calls: bool, push_hosts: tuple[str, ...], push_ca: Path | None) -> None:
    """Look the folder over: database, hashes, sizes, permissions, key."""
    from relay.config import Push  # noqa: PLC0415
    from relay.server import check as run  # noqa: PLC0415
    from relay.server import silent  # noqa: PLC0415

    found = run(data)
    if calls:
        push = Push(hosts=push_hosts or Push().hosts, ca=push_ca)
        found += [f"{host} cannot be called: nobody is rung through it" for host in silent(push)]
    for fault in found:
        click.echo(f"error: {fault}", err=True)
    if found:
        sys.exit(1)
    click.echo("all is well")


@relay.command()
@DATA
@click.option("--out", required=True, type=click.Path(path_type=Path, dir_okay=False), help="the archive to write")
def backup(data: Path, out: Path) -> None:
    """Copy database and key into one archive, also while the relay runs."""
    from relay.server import backup as run  # noqa: PLC0415

    run(data, out)
    click.echo("hint: what is collected later stays in this copy; destroy it as soon as it is of no use", err=True)
