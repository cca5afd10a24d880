"""Persons as CSV in a data package (Frictionless `datapackage.json`, version 1)."""

import json
from collections.abc import Sequence
from dataclasses import replace
from datetime import tzinfo
from typing import Any

from client.desk.exports.archive import zip_files
from client.desk.exports.columns import SEPARATOR, Column, select_columns
from client.desk.exports.people import People, PeopleTable
from client.desk.exports.terms import Terms, load_terms

PATH = "persons.csv"


def build_package(people: People, zone: tzinfo) -> PeopleTable:
    """Build a zip: the table, and a description of what stands in each column.

    Source: Frictionless data package, version 1.
    """
    shown = select_columns(people.audience)
    table = people.build_table([column.name for column in shown], zone, lambda _, row: people.select_cells(row, shown))
    description = json.dumps(_build_description(shown, len(table.data)), ensure_ascii=False, indent=2).encode() + b"\n"
    return replace(table, data=zip_files([("datapackage.json", description), (PATH, table.data)]))


def _build_description(shown: Sequence[Column], size: int) -> dict[str, Any]:
    return {
        "profile": "tabular-data-package",
        "name": "persons",
        "title": "Persons",
        "resources": [
            {
                "profile": "tabular-data-resource",
                "name": "persons",
                "path": PATH,
                "format": "csv",
                "mediatype": "text/csv",
                "encoding": "utf-8",
                "bytes": size,
                "dialect": {"delimiter": ",", "quoteChar": '"', "doubleQuote": True, "lineTerminator": "\r\n"},
                "schema": {"fields": [_build_field(column) for column in shown], "missingValues": [""]},
            }
        ],
    }


def _build_field(column: Column) -> dict[str, Any]:
    names = load_terms().get(column.field, Terms("", "", ""))
    known = {"huridocs": names.huridocs, "wgad": names.wgad}
    several = {"description": f"several values, separated by {SEPARATOR}"} if column.many else {}
    return {
        "name": column.name,
        "type": column.type,
        **several,
        **{vocabulary: term for vocabulary, term in known.items() if term},
    }
