"""The ladder of errors. The docstring is the sentence a person reads; `code` is stable and may cross the wire.

An error never carries a secret, an address or a word of a report, so it can be printed and logged as it is.
"""

from typing import ClassVar


class TocsinError(Exception):
    """something went wrong"""

    code: ClassVar[str] = "error"
    hint: ClassVar[str] = ""

    def __init__(self, detail: str = "") -> None:
        super().__init__(detail)
        self.detail = detail

    @property
    def sentence(self) -> str:
        """The class's sentence, with the detail (a size, a field's name) behind it when there is one."""
        words = (type(self).__doc__ or self.code).strip().splitlines()[0]
        return f"{words}: {self.detail}" if self.detail else words

    def __str__(self) -> str:
        return self.sentence


# Bytes that cannot be what they should be


class Malformed(TocsinError):
    """these bytes are not in the form they should have"""

    code = "malformed"
    hint = "the file or message was cut off or changed on its way; get it again from where it came"


class NotANote(Malformed):
    """this is not a signed note"""

    code = "note-malformed"


class NoteUnsigned(TocsinError):
    """no signature on this note belongs to the key it should be signed with"""

    code = "note-unsigned"
    hint = "it was signed by somebody else or changed afterwards; do not use it"


class BadReceipt(TocsinError):
    """what the relay gave is not a receipt for this envelope"""

    code = "receipt"
    hint = "the envelope stays here and is tried again, there and at other relays"


class NoProof(TocsinError):
    """this receipt does not prove anything about this message"""

    code = "receipt-no-proof"
    hint = "check that receipt, message and key belong together; a file that was opened and saved again is another file"


class BadCode(Malformed):
    """this is not a Tocsin code"""

    code = "code-malformed"
    hint = "scan the code again in better light, or paste all of it"


class OtherCode(BadCode):
    """this code is for something else"""

    code = "code-other-kind"
    hint = "an organisation's code begins with TOCSIN:1:O: and a person's with TOCSIN:1:C:"


class CannotListen(TocsinError):
    """this address cannot be listened on"""

    code = "cannot-listen"
    hint = "perhaps another program listens there already; choose another with --listen, where port 0 is any free one"

    @classmethod
    def at(cls, host: str, port: int, error: OSError) -> "CannotListen":
        """Return the error for this host and port, with the reason the system gave."""
        shown = f"[{host}]" if ":" in host else host
        # Python's own functions write the address once more behind the system's words.
        reason = str(error.strerror).partition(" (while attempting")[0]
        return cls(f"{shown}:{port} ({reason})")


class BadAddress(Malformed):
    """this is not the address of a relay"""

    code = "relay-address"
    hint = "https://..., or http:// for an onion service or this very machine; without ?, # or a name and password"


class CodeTooLong(TocsinError):
    """this does not fit a code that an old camera can read"""

    code = "code-too-long"
    hint = "use fewer or shorter relay addresses"


# Envelopes


class EnvelopeError(TocsinError):
    """this envelope cannot be used"""

    code = "envelope"


class WrongSize(EnvelopeError):
    """an envelope has exactly 8,192 or 65,536 bytes"""

    code = "envelope-size"


class UnknownSuite(EnvelopeError):
    """this envelope was sealed in a way this version does not know"""

    code = "envelope-suite"
    hint = "a newer version of Tocsin may open it"


class TooMuchContent(EnvelopeError):
    """this is more than one envelope can hold"""

    code = "content-too-large"
    hint = "send less text at once, or the long part as a file"


class NotForUs(EnvelopeError):
    """none of the keys held here opens this envelope"""

    code = "envelope-not-for-us"
    hint = "it was changed on its way, is meant for somebody else, or its week's key is already destroyed"


class BadPlaintext(EnvelopeError):
    """the envelope opened, but what is inside breaks the format"""

    code = "plaintext-malformed"


class BadPadding(BadPlaintext):
    """the envelope opened, but its padding is not zero"""

    code = "plaintext-padding"


class BadHeader(BadPlaintext):
    """the envelope opened, but its header is not the JSON object it should be"""

    code = "plaintext-header"


class UnknownVersion(EnvelopeError):
    """this message was written by a newer version of Tocsin"""

    code = "message-version"
    hint = "install the newest version and open it again; the message is kept"


class BadMessage(EnvelopeError):
    """the envelope opened, but a field of the message breaks the format"""

    code = "message-malformed"


class NotAuthentic(EnvelopeError):
    """the sender of this message is not who it should be"""

    code = "message-not-authentic"
    hint = "do not act on it before you reached the sender in another way"


# Organisation and secrets at rest


class CardError(TocsinError):
    """this card cannot be used"""

    code = "card"


class BadCard(CardError):
    """this is not an organisation's card"""

    code = "card-malformed"
    hint = "ask the organisation for its card again"


class CardOlder(CardError):
    """an older card than the one already known"""

    code = "card-older"
    hint = "somebody may be offering an old card on purpose; the newer one stays in use"


class CardOtherRoot(CardError):
    """this card belongs to another organisation than the code names"""

    code = "card-other-root"
    hint = "do not use it; the relay or the file is not what it claims to be"


class KeystoreError(TocsinError):
    """this keystore cannot be opened"""

    code = "keystore"


class WrongPassphrase(KeystoreError):
    """the passphrase is wrong"""

    code = "passphrase-wrong"
    hint = "check the keyboard layout and capital letters, then try again"


class KeystoreCut(KeystoreError):
    """the keystore file is cut off or damaged"""

    code = "keystore-damaged"
    hint = "restore the file from a backup; the passphrase cannot help here"


class NotAKeystore(KeystoreError):
    """this file is not a keystore of the right kind"""

    code = "keystore-other-kind"
    hint = "check that the folder or file you named is the one you meant"


class WrappingKeyMissing(KeystoreError):
    """the key file beside this keystore is missing or belongs to another one"""

    code = "keystore-key-file"
    hint = "a keystore and its key file go together: put both back, from the same backup"


class BadShares(TocsinError):
    """these shares do not give back the key"""

    code = "shares-wrong"
    hint = "check every word; shares of different backups cannot be mixed, and enough of them are needed"


class ShareMisspelt(BadShares):
    """a share is misspelt"""

    code = "shares-misspelt"
    hint = "compare it with the paper word by word"


class SharesMixed(BadShares):
    """these shares come from different backups"""

    code = "shares-mixed"
    hint = "shares of one backup begin with the same two words; give only those"


class TooFewShares(BadShares):
    """more shares are needed"""

    code = "shares-too-few"
    hint = "ask another person who keeps one; the same share typed twice counts once"


class ClockBehind(TocsinError):
    """the clock of this computer is behind the last week that was in use"""

    code = "clock-behind"
    hint = "set the date and time, then try again; keys that were destroyed cannot be made again"


class ClockAhead(TocsinError):
    """the clock of this computer is past every week that was published"""

    code = "clock-ahead"
    hint = "going on would destroy the keys of all those weeks for good: check the date and time first"
