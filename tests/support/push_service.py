"""A push service of ours on loopback: real TLS under an authority of the test's own, and it checks who rings."""

import json
import queue
import socket
import ssl
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PublicKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

from keys.wake import HPKE, wake_info
from keys.wire import b64, unb64
from relay.push.client import PUSH_HOSTS, PushHost

PATIENCE = 30
BROWSERS = tuple(PushHost.parse(host) for host in PUSH_HOSTS)
SECRET = "/push/dXMgaXQgdG8gcmluZyBhIHBob25l"  # path of a phone's address


class Drops(bytes):
    """An answer that goes on drop by drop after these bytes and never comes to an end."""


CREATED = b"HTTP/1.1 201 Created\r\nLocation: https://localhost/m/1\r\nContent-Length: 0\r\n\r\n"


def seal_wake(endpoint: str, wake_key: str, origin: str) -> str:
    """What a contact's phone puts into its pair card for one relay."""
    address = endpoint.encode()
    plaintext = (len(address).to_bytes(2, "big") + address).ljust(1_024, b"\0")
    return b64(HPKE.encrypt(plaintext, X25519PublicKey.from_public_bytes(unb64(wake_key)), info=wake_info(origin)))


class Authority:
    """Issues certificates for servers of this test; `file` is what a relay is told with --push-ca."""

    def __init__(self, folder: Path) -> None:
        self._folder, self._key = folder, ec.generate_private_key(ec.SECP256R1())
        self._name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "test authority")])
        self.file = folder / "authority.pem"
        self.file.write_bytes(self._issued(self._name, self._key, []).public_bytes(Encoding.PEM))

    def server(self, *names: str, days: int = 2) -> ssl.SSLContext:
        """What a server with a certificate for these names speaks TLS with. `days`: how long it is good from now on."""
        key = ec.generate_private_key(ec.SECP256R1())
        subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, names[0])])
        file = self._folder / f"server-{time.monotonic_ns()}.pem"
        secret = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        file.write_bytes(secret + self._issued(subject, key, list(names), days).public_bytes(Encoding.PEM))
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(file)
        return context

    def _issued(
        self, subject: x509.Name, key: ec.EllipticCurvePrivateKey, names: list[str], days: int = 2
    ) -> x509.Certificate:
        now = datetime.now(UTC)
        builder = (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(self._name)
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - timedelta(days=10))
            .not_valid_after(now + timedelta(days=days))
            .add_extension(x509.BasicConstraints(ca=not names, path_length=None), critical=True)
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
            .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(self._key.public_key()), critical=False)
        )
        if names:
            builder = builder.add_extension(
                x509.SubjectAlternativeName([_name(name) for name in names]), critical=False
            )
        return builder.sign(self._key, hashes.SHA256())


def _name(name: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ip_address(name))
    except ValueError:
        return x509.DNSName(name)


@dataclass
class Push:
    """One request as it came: method and path, headers in small letters, the body; and all of it before the body."""

    line: str
    headers: dict[str, str]
    body: bytes
    head: bytes


@dataclass
class PushService:
    """Listens on loopback. `answer` is sent to whoever asks; None: nothing, until `release` is set."""

    context: ssl.SSLContext | None
    answer: bytes | None = CREATED
    pushes: "queue.Queue[Push]" = field(default_factory=queue.Queue)
    connections: int = 0
    broken: bool = False  # somebody hung up on us, or never spoke TLS
    release: threading.Event = field(default_factory=threading.Event)
    ended: threading.Event = field(default_factory=threading.Event)  # a connection is over, whoever ended it

    def __post_init__(self) -> None:
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        threading.Thread(target=self._listen, daemon=True).start()

    def endpoint(self, path: str = "/push/secret", host: str = "localhost") -> str:
        return f"https://{host}:{self.port}{path}"

    def next(self) -> Push:
        """The next push. Fails when none comes."""
        return self.pushes.get(timeout=PATIENCE)

    def close(self) -> None:
        self.release.set()
        self._listener.close()

    def _listen(self) -> None:
        while True:
            try:
                line, _ = self._listener.accept()
            except OSError:
                return
            self.connections += 1
            threading.Thread(target=self._serve, args=(line,), daemon=True).start()

    def _serve(self, line: socket.socket) -> None:
        line.settimeout(PATIENCE)
        try:
            with self.context.wrap_socket(line, server_side=True) if self.context else line as secure:
                self.pushes.put(_read(secure))
                self._say(secure)
        except OSError:
            self.broken = True
            line.close()
        self.ended.set()

    def _say(self, line: socket.socket) -> None:
        if self.answer is None:
            self.release.wait(PATIENCE)
        elif isinstance(self.answer, Drops):
            line.sendall(self.answer)
            while not self.release.wait(0.02):
                line.sendall(b"x")
        else:
            line.sendall(self.answer)


def _read(line: socket.socket) -> Push:
    data = b""
    while b"\r\n\r\n" not in data:
        more = line.recv(65_536)
        if not more:
            raise OSError
        data += more
    head, _, body = data.partition(b"\r\n\r\n")
    first, *fields = head.decode("ascii").split("\r\n")
    headers = {name.lower(): value for name, value in (line.split(": ", 1) for line in fields)}
    while len(body) < int(headers["content-length"]):
        body += line.recv(65_536)
    return Push(first, headers, body, head)


@contextmanager
def push_service(context: ssl.SSLContext | None, answer: bytes | None = CREATED) -> Iterator[PushService]:
    service = PushService(context, answer)
    try:
        yield service
    finally:
        service.close()


def check_vapid(push: Push, audience: str, now: int) -> dict[str, object]:
    """RFC 8292, as a push service reads it: the claims, once the signature over them is good. Fails if it is not."""
    scheme, _, words = push.headers["authorization"].partition(" ")
    assert scheme == "vapid"
    parameters = dict(word.strip().split("=", 1) for word in words.split(","))
    head, claims, signature = parameters["t"].split(".")
    assert json.loads(unb64(head)) == {"typ": "JWT", "alg": "ES256"}
    raw = unb64(signature, 64)
    der = encode_dss_signature(int.from_bytes(raw[:32], "big"), int.from_bytes(raw[32:], "big"))
    public = ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), unb64(parameters["k"], 65))
    public.verify(der, f"{head}.{claims}".encode(), ec.ECDSA(hashes.SHA256()))
    found: dict[str, object] = json.loads(unb64(claims))
    assert found["aud"] == audience
    assert isinstance(found["exp"], int)
    assert now < found["exp"] <= now + 86_400
    return found | {"k": parameters["k"]}
