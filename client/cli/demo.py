"""`tocsin demo`: everything on this machine, in a temporary folder, with the very commands a person would type."""

import json
import os
import shlex
import signal
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from io import BytesIO
from pathlib import Path
from typing import Any

import click

from keys.errors import TocsinError

STORY = "Задержана у метро Пушкинская, у Лены астма"
ANSWER = "Адвокат А. Петрова едет к вам. Вы вправе не давать показаний (ст. 51)."
READY_SECONDS = 30


class DemoFailed(TocsinError):
    """the demonstration did not come to its end"""

    code = "demo"
    hint = "the lines above say at which step"


@click.command()
@click.option("--once", is_flag=True, help="End after the round trip instead of waiting for your own reports.")
def demo(once: bool) -> None:
    """Everything on this machine, in a temporary folder: seal, carry, open, answer, look at the desk."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))  # so that the relay is stopped and the folder removed
    with tempfile.TemporaryDirectory(prefix="tocsin-demo-") as name:
        stage = Stage(Path(name))
        with stage.relay() as address:
            case = stage.round_trip(address)
            stage.look_at_the_relay()
            with stage.phone(), stage.desk():
                click.echo("\nThe round trip is done: sealed, carried, opened, answered.")
                if not once:
                    stage.stay(case)


class Stage:
    """A folder with one relay, one organisation and one reporter."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.data, self.home, self.person = folder / "relay", folder / "organisation", folder / "person"
        self.passphrase = folder / "passphrase"
        self.passphrase.write_text("correct horse battery staple\n")

    @contextmanager
    def relay(self) -> Iterator[str]:
        """A relay process of its own; its address."""
        words = ["relay", "serve", "--data", str(self.data), "--listen", "127.0.0.1:0"]
        with self._running(words, "relay") as address:
            yield address

    @contextmanager
    def desk(self) -> Iterator[None]:
        """The organisation's desk, still locked."""
        with self._running(["desk", "--home", str(self.home), "--listen", "127.0.0.1:0"], "client.cli.main"):
            click.echo(f"the passphrase: {self.passphrase.read_text().strip()}")
            yield

    @contextmanager
    def _running(self, words: list[str], module: str) -> Iterator[str]:
        """A tocsin command that goes on until this ends; the address that it says it is reached at."""
        self._show(tuple(words))
        own = words if module == "client.cli.main" else words[1:]
        process = subprocess.Popen([sys.executable, "-m", module, *own], stdout=subprocess.PIPE, text=True)  # noqa: S603 - our own program
        try:
            assert process.stdout is not None  # noqa: S101 - it was asked for above
            for line in process.stdout:
                click.echo(line.rstrip())
                address = line.split()[-1] if line.split() else ""
                if address.startswith("http"):
                    break
            else:
                raise DemoFailed(f"tocsin {words[0]} did not start")
            yield address
        finally:
            process.terminate()
            with suppress(subprocess.TimeoutExpired):
                process.wait(READY_SECONDS)
            process.kill()

    def round_trip(self, address: str) -> str:
        """Report with a photo, pull, read, answer, fetch the answer; the case."""
        photo = self.folder / "photo.jpg"
        photo.write_bytes(_photo())
        self.run("org", "new", "--name", "Legal help", "--relay", address, home=self.home)
        self.run("org", "publish", home=self.home)
        card = self.folder / "card"
        self.run("org", "card", "--out", str(card), home=self.home)
        facts = ["stage=van", "people=7", "minors=yes", "name=Иванова Анна", "needs=lawyer,medicine"]
        pairs = [word for fact in [*facts, f"account={STORY}"] for word in ("--set", fact)]
        sent = self.run("report", "--to", str(card), *pairs, "--file", str(photo), home=self.person, quiet=True)
        case = str(sent["case"])
        click.echo(f"case {case}: {len(sent['receipts'])} envelopes have left, {sent['pending']} wait")
        self.run("inbox", "pull", home=self.home)
        self.run("inbox", "show", case, home=self.home)
        saved = self.folder / "saved"
        self.run("inbox", "save", case, str(saved), home=self.home)
        if photo.read_bytes() not in [path.read_bytes() for path in saved.iterdir()]:
            raise DemoFailed("the photo did not arrive as it was sent")
        click.echo(f"the photo arrived byte for byte ({photo.stat().st_size:,} bytes)")
        self.run("inbox", "reply", case, ANSWER, "--status", "lawyer", home=self.home)
        answers = self.run("replies", "--case", case, home=self.person)
        if not answers:
            raise DemoFailed("no answer came back")
        return case

    def look_at_the_relay(self) -> None:
        """Search everything the relay has written for what was said."""
        files = [path for path in self.data.rglob("*") if path.is_file()]
        for words in (STORY, ANSWER, "Иванова"):
            if any(words.encode() in path.read_bytes() for path in files):
                raise DemoFailed("the relay's folder holds words of the report")
        click.echo(f"\nthe relay's folder: {len(files)} files, and not one word of it readable")

    @contextmanager
    def phone(self) -> Iterator[None]:
        """The phone app, built for this organisation, checked and served."""
        from client.site.serve import serving  # noqa: PLC0415 - only now, so that a report does not wait for it
        from keys.code import draw_text  # noqa: PLC0415

        site = self.folder / "phone"
        self.run("phone", "build", "--card", str(self.folder / "card"), "--out", str(site), home=self.home)
        card = str(self.folder / "card")
        self.run("phone", "verify", str(site), "--card", card)
        with serving(site) as address:
            click.echo(f"\n{draw_text(address)}\nthe phone app: {address} (in a browser on this machine)")
            yield

    def stay(self, case: str) -> None:
        """Let the desk open what others send to this organisation until somebody presses ctrl-c."""
        card = self.folder / "card"
        click.echo("\nTry it in another terminal and look at the desk (ctrl-c ends this and removes everything):\n")
        click.echo(f"  tocsin report --to {card} --home {self.person} --case {case} --set stage=station")
        click.echo(f"  tocsin report --to {card} --home {self.person} --set stage=van --set people=2\n")
        with suppress(KeyboardInterrupt):
            threading.Event().wait()

    def run(self, *words: str, home: Path | None = None, quiet: bool = False) -> dict[str, Any]:
        """Run a tocsin command and show it with its output, or with `quiet` give its first line of JSON."""
        where = [] if home is None else ["--home", str(home)]
        command = [*words, *where, *(["--json"] if quiet else [])]
        if not quiet or words[0] == "report":
            self._show(words)
        done = subprocess.run(  # noqa: S603 - our own program
            [sys.executable, "-m", "client.cli.main", *command],
            env={**os.environ, "TOCSIN_PASSPHRASE_FILE": str(self.passphrase)},
            stdout=subprocess.PIPE,
            stderr=None if quiet else subprocess.STDOUT,
            stdin=subprocess.DEVNULL,
            text=True,
            check=False,
        )
        if done.returncode:
            click.echo(done.stdout, err=True)
            raise DemoFailed(f"tocsin {words[0]} ended with {done.returncode}")
        if not quiet:
            click.echo(done.stdout.rstrip())
        said: dict[str, Any] = json.loads(done.stdout.splitlines()[0]) if quiet else {"said": done.stdout}
        return said if done.stdout.strip() else {}

    def _show(self, words: tuple[str, ...]) -> None:
        short = shlex.join(words).replace(str(self.folder) + "/", "")
        click.secho(f"\n$ tocsin {short}", bold=True)


def _photo() -> bytes:
    """A JPEG picture of a van in the rain, noisy enough to take several parcels."""
    from PIL import Image, ImageDraw, ImageFilter  # noqa: PLC0415 - only the demonstration draws

    rain = Image.effect_noise((960, 640), 60).convert("RGB")
    draw = ImageDraw.Draw(rain)
    draw.rectangle((200, 220, 760, 470), fill=(40, 60, 90))
    draw.rectangle((240, 260, 420, 350), fill=(180, 200, 210))
    draw.ellipse((260, 430, 360, 530), fill=(10, 10, 10))
    draw.ellipse((600, 430, 700, 530), fill=(10, 10, 10))
    picture = BytesIO()
    rain.filter(ImageFilter.SMOOTH).save(picture, "JPEG", quality=92)
    return picture.getvalue()
