"""`tocsin demo`: everything on this machine, in a temporary folder, with the very commands a person would type."""

import io
import json
import os
import shlex
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from types import FrameType
from typing import Any

import click

from client.cli import demo_reports, output
from client.cli.demo_reports import COUNTRY, PACK, STORY, Story
from client.reporter.compose import Draft
from client.reporter.send import send
from client.transport.relay_client import Transport
from keys.errors import TocsinError

REPLY = "Адвокат А. Петрова едет к вам. Вы вправе не давать показаний (ст. 51)."
PHRASE = "correct horse battery staple"
READY_SECONDS = 60
ENDING_SECONDS = 30
CHECK_SECONDS = 0.3  # between two checks that every part still runs
ROOT_FILE = ("--root-file", "organisation-root")  # where `org new` puts the root key by itself
LOOPBACK = "127.0.0.1:0"


class DemoFailed(TocsinError):
    """the demonstration did not come to its end"""

    code = "demo"
    hint = "the lines above say at which step"


class PartEnded(DemoFailed):
    """a part of the demonstration has ended, so all of it ends"""

    hint = "the lines above are the last that it said"


@click.command()
@click.option("--once", is_flag=True, help="End after the round trip instead of waiting for your own reports.")
def demo(once: bool) -> None:
    """Everything on this machine, in a temporary folder: seal, carry, open, reply, look at the desk."""
    end = _end_at_signals()
    with tempfile.TemporaryDirectory(prefix="tocsin-demo-") as name:
        stage = Stage(Path(name), end)
        stage.show_surroundings()
        with stage.part("relay", "relay", "serve", "--data", "relay", "--listen", LOOPBACK) as relay:
            case = stage.go_round(relay.address)
            stage.search_the_relay()
            stage.send_burst()
            stage.build_phone()
            desk_words = ("desk", "--home", "organisation", "--pack", "stations.pack", "--country", COUNTRY)
            with (
                stage.part("phone app", "phone", "serve", "phone", "--listen", LOOPBACK) as phone,
                stage.part("desk", *desk_words, "--listen", LOOPBACK) as desk,
            ):
                click.echo("\nThe round trip is done: sealed, carried, opened, replied to.")
                stage.show_what_to_try(phone.address, desk.address, case)
                if not once:
                    stage.wait([relay, phone, desk])


class EndRequest(threading.Event):
    """Set by a signal; `is_interrupt` when it was ctrl-c, which alone ends a command with a code that says so."""

    is_interrupt = False


def _end_at_signals() -> EndRequest:
    """Return an event that a signal sets. The main thread looks at it and ends in order: a handler that prints, joins
    or raises would do so in the middle of whatever runs."""
    end = EndRequest()

    def heed(number: int, frame: FrameType | None) -> None:
        end.is_interrupt = number == signal.SIGINT
        end.set()

    for name in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(name, heed)
    return end


class DemoPart:
    """A tocsin command that goes on until the demonstration ends, and says `http...` once it is reached there."""

    def __init__(self, name: str, command: list[str], folder: Path) -> None:
        self.name, self.address = name, ""
        self._last_lines: list[str] = []
        self._is_decided = threading.Event()
        # In a session of its own: ctrl-c is for the demonstration, which ends its parts itself.
        self.process = subprocess.Popen(  # noqa: S603 - our own program
            command,
            cwd=folder,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self) -> None:
        assert self.process.stdout is not None  # noqa: S101 - it was asked for above
        for line in self.process.stdout:
            found = [word for word in line.split() if word.startswith("http")]
            if self.address or not found:
                self._pass_on(line.rstrip())
            else:
                self.address = found[-1]
                self._last_lines.clear()
                self._is_decided.set()
        self._is_decided.set()

    def _pass_on(self, line: str) -> None:
        if self.address and not line.startswith("hint:"):  # the last screen has hints enough
            click.echo(f"{self.name}: {line}")
        elif not self.address:
            self._last_lines.append(line)

    def wait_until_reached(self) -> None:
        """Wait for the address. Raises DemoFailed with what the part said instead."""
        self._is_decided.wait(READY_SECONDS)
        if not self.address:
            click.echo("\n".join(self._last_lines), err=True)
            raise DemoFailed(f"the {self.name} did not start")

    def check(self) -> None:
        """Raise PartEnded unless it still runs."""
        code = self.process.poll()
        if code is not None:
            self._reader.join(1)
            how = f"by signal {-code}" if code < 0 else f"with code {code}"
            raise PartEnded(f"the {self.name}, {how}")

    def stop(self) -> None:
        """End it, and wait until it has."""
        self.process.terminate()
        with suppress(subprocess.TimeoutExpired):
            self.process.wait(ENDING_SECONDS)
        self.process.kill()
        self.process.wait()


class Stage:
    """A folder with one relay, one organisation and one reporter. Commands run in it, so paths are short."""

    def __init__(self, folder: Path, end: EndRequest) -> None:
        self.folder, self._end = folder, end
        self._program = tocsin_command()
        self._passphrase = folder / "passphrase"
        self._passphrase.write_text(PHRASE + "\n", encoding="utf-8")
        self._stories: list[Story] = demo_reports.tell(int(time.time()))
        self._fingerprint = ""
        self._environment = {**os.environ, output.ENVIRONMENT: str(self._passphrase)}

    def show_surroundings(self) -> None:
        """Show how a shell is set up in which every command that follows can be typed."""
        click.echo("Every command below works in a shell that was set up so:")
        self._show(["cd", str(self.folder)])
        self._show(["export", f"{output.ENVIRONMENT}={self._passphrase}"])
        if len(self._program) == 1:
            click.echo(output.bold(f'$ export PATH="$PATH:{Path(self._program[0]).parent}"'))

    @contextmanager
    def part(self, name: str, *words: str) -> Iterator[DemoPart]:
        """Run a command that goes on; it is ended with the block."""
        self._show_ours(words)
        # The relay has a door of its own, which loads nothing of the client.
        module = ["-m", "relay", *words[1:]] if words[0] == "relay" else ["-m", "client.cli.main", *words]
        part = DemoPart(name, [sys.executable, *module], self.folder)
        try:
            part.wait_until_reached()
            click.echo(f"the {name} is at {part.address}")
            yield part
        finally:
            part.stop()

    def go_round(self, relay: str) -> str:
        """Report with a photo, pull, read, reply, fetch the reply; return the case."""
        (self.folder / "photo.jpg").write_bytes(_photo())
        (self.folder / "stations.csv").write_text(demo_reports.TABLE, encoding="utf-8")
        self.run("org", "new", "--home", "organisation", "--name", "Legal help Zarechinsk", "--relay", relay)
        self.run("org", "publish", "--home", "organisation", *ROOT_FILE)
        self.run("org", "card", "--home", "organisation", "--out", "card")
        whose = ("--home", "organisation", *ROOT_FILE, "--out", "stations.pack", "--id", PACK, "--country", COUNTRY)
        self.run("stations", "build", "stations.csv", *whose, "--source", "invented", "--licence", "CC0-1.0")
        self._fingerprint = self.run_json("org", "code", "--home", "organisation")["fingerprint"]
        facts = demo_reports.as_words(self._stories[0].facts)
        self.run("report", "--to", "card", "--home", "person", *facts, "--file", "photo.jpg")
        self.run("inbox", "pull", "--home", "organisation")
        case = str(self.run_json("inbox", "list", "--home", "organisation")["case"])
        self.run("inbox", "show", case, "--home", "organisation")
        self.run("inbox", "save", case, "saved", "--home", "organisation")
        photo = (self.folder / "photo.jpg").read_bytes()
        if photo not in [path.read_bytes() for path in (self.folder / "saved").iterdir()]:
            raise DemoFailed("the photo did not arrive as it was sent")
        click.echo(f"the photo arrived byte for byte ({len(photo):,} bytes)")
        self.run("inbox", "reply", case, REPLY, "--status", "lawyer", "--home", "organisation")
        if REPLY not in self.run("replies", "--case", case, "--home", "person"):
            raise DemoFailed("no reply came back")
        return case

    def search_the_relay(self) -> None:
        """Search everything the relay has written for what was said."""
        files = [path for path in (self.folder / "relay").rglob("*") if path.is_file()]
        for words in (STORY, REPLY, "Иволгина"):
            if any(words.encode() in path.read_bytes() for path in files):
                raise DemoFailed("the relay's folder holds words of the report")
        click.echo(f"\nthe relay's folder: {output.count(len(files), 'file')}, and not one word of it readable")

    def send_burst(self) -> None:
        """Send the other reports, as `tocsin report` does; they wait at the relay until the desk is unlocked."""
        with Transport(os.urandom) as transport:
            for story in self._stories[1:]:
                self._check_end()
                case = self._report(transport, story.facts)
                if story.later:
                    self._report(transport, story.later, case)
        click.echo(
            f"\n{len(self._stories) - 1} more people report at once: their letters wait at the relay for the desk"
        )

    def _report(self, transport: Transport, facts: dict[str, Any], case: str | None = None) -> str:
        """Send a report from this process, which is quicker eleven times; return its case."""
        try:
            sent = send(self.folder / "person", str(self.folder / "card"), Draft(facts), transport, case_start=case)
        except TocsinError as error:
            raise DemoFailed(f"tocsin report: {error}") from None
        if sent.outcome.pending:
            for relay, problem in sent.outcome.refusals.items():
                output.error(problem, relay)
            raise DemoFailed(f"tocsin report: {sent.outcome.pending} not sent")
        return sent.composed.case

    def build_phone(self) -> None:
        """Build the phone app for this organisation and its stations, and check what was built."""
        self.run(
            "phone",
            "build",
            "--card",
            "card",
            "--stations",
            "stations.pack",
            "--home",
            "organisation",
            *ROOT_FILE,
            "--out",
            "phone",
        )
        self.run("phone", "verify", "phone", "--card", "card")

    def show_what_to_try(self, phone: str, desk: str, case: str) -> None:
        """Show the last screen: where phone and desk are, what to compare, what to try."""
        folder, card, home = self.folder, self.folder / "card", self.folder / "person"
        more = ["--set", "stage=station", "--set", f"station={demo_reports.TABLE.splitlines()[3].split(',')[1]}"]
        add = ["report", "--to", str(card), "--home", str(home), "--case", case, *more]
        new = ["report", "--to", str(card), "--home", str(home), "--set", "stage=van", "--set", "people=2"]
        read = ["replies", "--home", str(home), "--case", case, "--passphrase-file", str(folder / "passphrase")]
        lines = [
            "",
            f"{output.bold('desk')}         {desk}",
            f"             the link works once; any name, and the passphrase: {PHRASE}",
            f"{output.bold('phone')}        {phone}   in another window of a browser on this computer",
            f"{output.bold('fingerprint')}  {self._fingerprint}",
            "             compare it with what the phone shows of the organisation",
            "",
            "Try: unlock the desk and see who is held where, and whose hour runs out. Set the phone up, hold its round",
            "button, and watch the board. Reply to somebody. Or report from another terminal:",
            "",
            *(f"  {shlex.join([*self._program, *words])}" for words in (new, add, read)),
            "",
        ]
        click.echo("\n".join(lines))

    def wait(self, parts: list[DemoPart]) -> None:
        """Wait until somebody presses ctrl-c. Raises PartEnded when a part ends before."""
        click.echo("ctrl-c ends all of it and removes the folder")
        while not self._end.wait(CHECK_SECONDS):
            for part in parts:
                part.check()

    def run(self, *words: str) -> str:
        """Run a tocsin command and show it with its output, which is returned."""
        self._show_ours(words)
        printed = self._run(words, subprocess.STDOUT)
        click.echo(printed.rstrip())
        return printed

    def run_json(self, *words: str) -> dict[str, Any]:
        """Run a tocsin command without showing it; return its first line of JSON."""
        printed: dict[str, Any] = json.loads(self._run((*words, "--json"), None).splitlines()[0])
        return printed

    def _run(self, words: tuple[str, ...], stderr: int | None) -> str:
        self._check_end()
        ended = subprocess.run(  # noqa: S603 - our own program
            [sys.executable, "-m", "client.cli.main", *words],
            cwd=self.folder,
            env=self._environment,
            stdout=subprocess.PIPE,
            stderr=stderr,
            stdin=subprocess.DEVNULL,
            text=True,
            check=False,
        )
        self._check_end()
        if ended.returncode:
            click.echo(ended.stdout, err=True)
            raise DemoFailed(f"tocsin {words[0]} ended with {ended.returncode}")
        return ended.stdout

    def _check_end(self) -> None:
        if self._end.is_set():
            raise click.Abort() if self._end.is_interrupt else click.exceptions.Exit(0)

    def _show_ours(self, words: tuple[str, ...]) -> None:
        self._show(["tocsin", *words] if len(self._program) == 1 else [*self._program, *words])

    def _show(self, words: list[str]) -> None:
        click.echo(output.bold(f"\n$ {shlex.join(words)}"))


def tocsin_command() -> list[str]:
    """Return the words that run this very program from any folder."""
    beside = Path(sys.executable).with_name("tocsin")
    return [str(beside)] if os.access(beside, os.X_OK) else [sys.executable, "-m", "client.cli.main"]


def _photo() -> bytes:
    """Return a JPEG picture of a van in the rain, noisy enough to take several parcels."""
    from PIL import Image, ImageDraw, ImageFilter  # noqa: PLC0415 - only the demonstration draws

    rain = Image.effect_noise((960, 640), 60).convert("RGB")
    draw = ImageDraw.Draw(rain)
    draw.rectangle((200, 220, 760, 470), fill=(40, 60, 90))
    draw.rectangle((240, 260, 420, 350), fill=(180, 200, 210))
    draw.ellipse((260, 430, 360, 530), fill=(10, 10, 10))
    draw.ellipse((600, 430, 700, 530), fill=(10, 10, 10))
    picture = io.BytesIO()
    rain.filter(ImageFilter.SMOOTH).save(picture, "JPEG", quality=92)
    return picture.getvalue()
