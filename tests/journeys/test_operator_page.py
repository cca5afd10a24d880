"""What docs/operator.md gives an operator to copy works: a relay behind nginx, and the service for systemd."""

import configparser
import os
import re
import shlex
import shutil
import socket
import ssl
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from http.client import HTTPConnection
from pathlib import Path

import httpx
import pytest

from keys.wire import SIGNATURE_HEADER, b64
from tests.journeys.conftest import OfficeCommand, Shell
from tests.support.push_service import Authority
from tests.support.relay_post import frames, letter, new_key, parcel
from tests.support.relay_process import PATIENCE, ROOT, Relay, running

pytestmark = pytest.mark.process

PAGE = (ROOT / "docs" / "operator.md").read_text("utf-8")
NGINX = shutil.which("nginx", path="/usr/sbin:/usr/bin:/usr/local/sbin:/usr/local/bin")
needs_nginx = pytest.mark.skipif(NGINX is None, reason="nginx is not installed (apt-get install nginx-light)")
TEMPORARY = ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
HOSTILE = (
    b"nonsense\r\n\r\n",
    b"GET / HTTP/1.1\r\n\r\n",
    b"GET /%00 HTTP/1.1\r\nHost: relay.example\r\n\r\n",
    b"GET / HTTP/1.1\r\nHost: relay.example\r\nX: " + b"a" * 40_000 + b"\r\n\r\n",
    b"POST /v1/deposit HTTP/1.1\r\nHost: relay.example\r\nContent-Length: 99999999\r\n\r\n",
    b"\x16\x03\x01",
)


def block(language: str) -> str:
    """The one block of the page in this language."""
    [found] = re.findall(rf"^```{language}\n(.*?)^```", PAGE, flags=re.MULTILINE | re.DOTALL)
    return str(found)


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as free:
        return int(free.getsockname()[1])


class Proxy:
    """nginx with the page's server block, over TLS as it stands there and once more without."""

    def __init__(self, folder: Path, relay_port: int) -> None:
        self.folder, self.authority = folder, Authority(folder)
        self.plain, self.tls = free_port(), free_port()
        self.authority.server("localhost")
        [certificate] = folder.glob("server-*.pem")
        block_tls = block("nginx").replace("127.0.0.1:8440", f"127.0.0.1:{relay_port}")
        block_tls = re.sub(r"^ +listen \[::\].*\n", "", block_tls, flags=re.MULTILINE)
        block_tls = block_tls.replace("listen 443", f"listen 127.0.0.1:{self.tls}")
        block_tls = re.sub(r"(ssl_certificate(?:_key)?) \S+;", rf"\1 {certificate};", block_tls)
        assert block_tls.count(str(certificate)) == 2
        plain = re.sub(r"^ +ssl_.*\n", "", block_tls, flags=re.MULTILINE)
        plain = plain.replace(f"{self.tls} ssl;", f"{self.plain};")
        self.configuration = folder / "nginx.conf"
        temporary = "\n".join(f"{kind}_temp_path {folder / kind};" for kind in TEMPORARY)
        # Logs for all, as Debian's own configuration has them: the block must turn them off.
        self.configuration.write_text(
            f"daemon off; pid {folder / 'pid'}; error_log {folder / 'error.log'} info; events {{}}\n"
            f"http {{ access_log {folder / 'access.log'};\n{temporary}\n{block_tls}\n{plain}\n}}\n",
            "utf-8",
        )
        folder.chmod(0o755)  # where nginx is started by root, its worker is somebody else

    @property
    def command(self) -> list[str]:
        return [str(NGINX), "-e", str(self.folder / "error.log"), "-c", str(self.configuration)]

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.plain}"

    def written(self) -> str:
        """What nginx has written down of calls."""
        logs = [path.read_text("utf-8") for path in (self.folder / "access.log", self.folder / "error.log")]
        return "".join(logs)


@contextmanager
def proxied(tmp_path: Path, *options: str) -> Iterator[tuple[Relay, Proxy]]:
    """A relay behind nginx, spoken to through it."""
    folder = tmp_path / "nginx"
    folder.mkdir()
    port = free_port()
    proxy = Proxy(folder, port)
    more = ("--origin", proxy.address, "--trusted-proxies", "1", *options)
    with running(tmp_path / "relay", *more, listen=f"127.0.0.1:{port}") as relay:
        process = subprocess.Popen(proxy.command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        try:
            transport = httpx.HTTPTransport(retries=8)  # until it listens
            with httpx.Client(base_url=proxy.address, timeout=PATIENCE, transport=transport) as http:
                http.get("/v1/relay").raise_for_status()
                yield replace(relay, address=proxy.address, http=http), proxy
        finally:
            process.terminate()
            process.communicate(timeout=PATIENCE)


@needs_nginx
def test_nginx_takes_the_block_as_it_stands_but_for_ports_and_certificate(tmp_path):
    ended = subprocess.run([*Proxy(tmp_path, 8440).command, "-t"], capture_output=True, text=True, check=False)
    assert ended.returncode == 0, ended.stderr
    assert "warn" not in ended.stderr


@needs_nginx
def test_a_report_goes_through_nginx_and_its_reply_comes_back(tmp_path):
    with proxied(tmp_path) as (_, proxy):
        shell = Shell(tmp_path)
        home, code = tmp_path / "office", tmp_path / "card"
        shell.ok("org", "new", "--home", home, "--name", "Help", "--relay", proxy.address)
        shell.ok("org", "publish", "--home", home, "--root-file", tmp_path / "office-root")
        shell.ok("org", "card", "--home", home, "--out", code)
        office = OfficeCommand(shell, home, code)
        case = shell.ok("report", "--to", code, "--set", "stage=van", "--set", "people=7", "--json").json["case"]
        office.ok("inbox", "pull")
        assert [found["case"] for found in office.ok("inbox", "list").lines] == [case]
        office.ok("inbox", "reply", case, "A lawyer is on the way")
        assert "A lawyer is on the way" in shell.ok("replies", "--case", case).out
        assert case not in proxy.written()


@needs_nginx
def test_the_largest_card_and_the_largest_page_of_letters_fit_through(tmp_path):
    with proxied(tmp_path) as (relay, _):
        key = new_key()
        parcels = [parcel() for _ in range(60)]
        for envelope in parcels:
            assert relay.deposit(key.id, envelope, bytes(32)).status_code == 201
        assert set(relay.everything(key).values()) == set(parcels)
        largest = relay.http.post("/v1/deposit", content=bytes(262_144))
        assert largest.headers["content-type"] == "application/problem+json", "the relay answers, not nginx"


@needs_nginx
def test_nginx_puts_no_body_into_a_file_not_even_for_a_slow_reader(tmp_path):
    """Where its temporary folders were there are none: an nginx that wants a file gives half an answer, or none."""
    with proxied(tmp_path) as (relay, proxy):
        for kind in TEMPORARY:
            shutil.rmtree(proxy.folder / kind)
            (proxy.folder / kind).touch()
        key = new_key()
        for _ in range(60):
            assert relay.deposit(key.id, parcel(), bytes(32)).status_code == 201
        body, signature = key.collect(proxy.address, at=int(time.time()), nonce=os.urandom(16), ack=[])
        connection = HTTPConnection("127.0.0.1", proxy.plain)
        connection.sock = slow_line(proxy.plain)
        connection.request("POST", "/v1/collect", body, {SIGNATURE_HEADER: b64(signature)})
        answer = connection.getresponse()
        assert answer.status == 200
        assert len(frames(answer.read())) == 60
        connection.close()


def slow_line(port: int) -> socket.socket:
    """A connection that has room for so little that the other side always has to wait."""
    line = socket.socket()
    line.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 2_048)
    line.settimeout(PATIENCE)
    line.connect(("127.0.0.1", port))
    return line


@needs_nginx
def test_over_tls_the_same_relay_answers(tmp_path):
    with proxied(tmp_path) as (relay, proxy):
        context = ssl.create_default_context(cafile=proxy.authority.file)
        with httpx.Client(base_url=f"https://localhost:{proxy.tls}", verify=context, timeout=PATIENCE) as http:
            assert http.get("/v1/relay").json() == relay.http.get("/v1/relay").json()
            secure = replace(relay, http=http)
            assert secure.deposit(new_key().id, letter(), bytes(32)).status_code == 201


@needs_nginx
def test_nginx_writes_down_nobody_not_even_who_sends_nonsense_or_finds_no_relay(tmp_path):
    with proxied(tmp_path) as (relay, proxy):
        for port in (proxy.plain, proxy.tls):
            for nonsense in HOSTILE:
                with socket.create_connection(("127.0.0.1", port), timeout=PATIENCE) as line:
                    line.sendall(nonsense)
                    line.shutdown(socket.SHUT_WR)
                    line.recv(1_024)
        assert relay.http.get("/nothing").status_code == 404
        relay.stop()
        assert relay.http.get("/v1/relay").status_code == 502
        assert "127.0.0.1" not in proxy.written()


@needs_nginx
def test_a_caller_cannot_invent_addresses_through_nginx(tmp_path):
    with proxied(tmp_path, "--per-loopback", "20") as (relay, _):
        codes = {
            relay.http.get("/v1/relay", headers={"X-Forwarded-For": f"203.0.113.{number}"}).status_code
            for number in range(40)
        }
        assert 429 in codes


def unit() -> configparser.ConfigParser:
    read = configparser.ConfigParser(interpolation=None, strict=True)
    read.optionxform = str  # type: ignore[assignment, method-assign]
    read.read_string(block("ini"))
    return read


def test_the_service_starts_a_command_that_exists_on_a_folder_that_is_its_own():
    from relay.cli import relay as command

    service = unit()["Service"]
    program, *words = shlex.split(service["ExecStart"])
    assert (Path(program).name, words[:2]) == ("tocsin", ["relay", "serve"])
    context = command.commands["serve"].make_context("serve", words[2:])
    assert context.params["data"] == Path("/var/lib") / service["StateDirectory"]
    assert context.params["trusted_proxies"] == 1
    assert int(service["StateDirectoryMode"], 8) == 0o700
    host, port = context.params["listen"]
    assert f"proxy_pass http://{host}:{port};" in block("nginx")


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="systemd-analyze is not installed")
def test_systemd_finds_no_fault_in_the_service(tmp_path):
    program = tmp_path / "tocsin"
    program.write_text("#!/bin/sh\n", "utf-8")
    program.chmod(0o755)
    file = tmp_path / "tocsin-relay.service"
    file.write_text(block("ini").replace("/opt/tocsin/bin/tocsin", str(program)), "utf-8")
    ended = subprocess.run(["systemd-analyze", "verify", str(file)], capture_output=True, text=True, check=False)
    assert (ended.returncode, ended.stderr) == (0, "")
