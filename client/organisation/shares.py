"""The root key as shares of words for several people's drawers: SLIP-39, one group, any `threshold` of them."""

from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations
from pathlib import Path
from typing import Literal

from nacl.signing import SigningKey
from shamir_mnemonic import combine_mnemonics, generate_mnemonics
from shamir_mnemonic.shamir import ShareGroup, recover_ems
from shamir_mnemonic.share import Share
from shamir_mnemonic.utils import MnemonicError

from client.organisation.home import unlock_home
from keys.errors import BadShares, ShareMisspelt, SharesMixed, TooFewShares
from keys.wire import SEED_BYTES


@dataclass(frozen=True, slots=True)
class IgnoredShare:
    """A share that was not needed and does not agree: its number as typed, from 1, and why."""

    number: int
    reason: Literal["misspelt", "other-backup", "changed"]


@dataclass(frozen=True, slots=True)
class RootSeed:
    """A root seed of `SEED_BYTES` bytes that came back from shares, and the shares that did not agree with it."""

    seed: bytes
    ignored: tuple[IgnoredShare, ...] = ()

    def __repr__(self) -> str:
        return "RootSeed(...)"  # the seed must not reach a log by way of a traceback


@dataclass(frozen=True, slots=True)
class RootBackup:
    """Shares of a root key, and the fingerprint of the organisation it belongs to."""

    shares: list[str]
    fingerprint: str

    def __repr__(self) -> str:
        return "RootBackup(...)"  # enough shares are the root key


def back_up_root_key(
    folder: Path, passphrase: Callable[[], str], threshold: int, shares: int, *, root_file: Path | None = None
) -> RootBackup:
    """Split the root key of the organisation in a folder; any `threshold` of the shares give it back.

    `root_file`: where the root key is kept, if apart from the folder.
    Raises NoHome, KeystoreError, RootElsewhere, OtherRoot, BadShares.
    """
    home = unlock_home(folder, passphrase)
    return RootBackup(split_root_key(home.root_key(root_file, passphrase), threshold, shares), home.fingerprint)


def split_root_key(root: SigningKey, threshold: int, shares: int) -> list[str]:
    """Return SLIP-39 shares of the root seed; any `threshold` of them give it back. Raises BadShares.

    Source: SLIP-39; specified in `keys/keystore.md`, *Shares of the root*.
    """
    try:
        return list(generate_mnemonics(1, [(threshold, shares)], bytes(root))[0])
    except (ValueError, MnemonicError) as error:
        raise BadShares(str(error)) from None


def join_shares(lines: Sequence[str]) -> RootSeed:
    """Return the root seed behind shares, one a line, empty lines ignored; more than the threshold are a check.

    A share that does not agree is ignored and named, as long as enough others do.

    Raises ShareMisspelt, TooFewShares, SharesMixed, BadShares.
    Source: SLIP-39; specified in `keys/keystore.md`, *Shares of the root*.
    """
    typed = [" ".join(line.lower().split()) for line in lines if line.strip()]
    backups: dict[object, dict[int, Share]] = defaultdict(dict)
    misspelt = []
    for number, words in enumerate(typed, 1):
        try:
            share = Share.from_mnemonic(words)
        except (MnemonicError, ValueError):  # the library checks the spelling of each word and a checksum of all
            misspelt.append(number)
        else:
            backups[share.group_parameters()][number] = share
    whole = [(shares, agreeing) for shares in backups.values() if (agreeing := _agreeing(shares))]
    if len(whole) > 1:
        raise SharesMixed(_numbers(number for shares, _ in whole for number in shares))
    if not whole:
        raise _why_not(backups, misspelt)
    shares, agreeing = whole[0]
    chosen = {share.index: share for number, share in shares.items() if number in agreeing}
    needed = next(iter(chosen.values())).member_threshold
    seed: bytes = combine_mnemonics([share.mnemonic() for share in list(chosen.values())[:needed]])
    if len(seed) != SEED_BYTES:
        raise BadShares()
    return RootSeed(seed, _ignored(len(typed), shares, agreeing, misspelt))


def _ignored(count: int, shares: dict[int, Share], agreeing: set[int], misspelt: list[int]) -> tuple[IgnoredShare, ...]:
    others = (number for number in range(1, count + 1) if number not in agreeing)
    return tuple(
        IgnoredShare(number, "misspelt" if number in misspelt else "changed" if number in shares else "other-backup")
        for number in others
    )


def _agreeing(shares: dict[int, Share]) -> set[int]:
    """Return the numbers of the largest set of shares that gives one secret; empty when there are not enough."""
    needed = next(iter(shares.values())).member_threshold
    best: set[int] = set()
    for subset in combinations(shares.items(), needed):
        secret = _secret([share for _, share in subset])
        if secret is None:
            continue
        base = [share for _, share in subset[1:]]
        same = {number for number, _ in subset}
        same |= {
            number
            for number, share in shares.items()
            if _secret([*base, share]) == secret or any(share == other for _, other in subset)
        }
        best = max(best, same, key=len)
        if len(best) * 2 > len(shares):
            break
    return best


def _secret(shares: list[Share]) -> bytes | None:
    """Return what exactly `member_threshold` shares of one backup hide, still encrypted; None when they disagree."""
    if len({share.index for share in shares}) < shares[0].member_threshold:
        return None
    group = ShareGroup()
    try:
        for share in shares:
            group.add(share)
        ciphertext: bytes = recover_ems({shares[0].group_index: group}).ciphertext
    except (MnemonicError, ValueError):
        return None
    return ciphertext


def _why_not(backups: dict[object, dict[int, Share]], misspelt: list[int]) -> BadShares:
    if misspelt:
        return ShareMisspelt(_numbers(misspelt))
    if not backups:
        return TooFewShares("none was given")
    if len(backups) > 1:
        return SharesMixed(_numbers(number for shares in backups.values() for number in shares))
    (shares,) = backups.values()
    needed = next(iter(shares.values())).member_threshold
    there = len({share.index for share in shares.values()})
    return TooFewShares(f"{there} of the {needed} that are needed") if there < needed else BadShares()


def _numbers(numbers: Iterator[int] | list[int]) -> str:
    return "share " + ", ".join(map(str, sorted(numbers)))
