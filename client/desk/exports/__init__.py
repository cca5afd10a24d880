"""What leaves the desk, and only what people allow to. Specified in `client/desk/exports.md`."""

from client.desk.exports.bag import Court
from client.desk.exports.making import KINDS, Export, Kind, NoSuchExport, Options, make
from client.desk.subjects.consent import NoConsent

__all__ = ["KINDS", "Court", "Export", "Kind", "NoConsent", "NoSuchExport", "Options", "make"]
