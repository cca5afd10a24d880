"""The phone's own modules as one script, to be run in a page that has nothing else in it."""

import subprocess
from pathlib import Path

from playwright.sync_api import Page

HERE = Path(__file__).parent
PHONE = HERE.parent.parent / "client" / "phone"
BUILD = """
import { build } from "esbuild";
const entryPoints = [process.argv[1]];
const bundle = await build({ entryPoints, bundle: true, format: "iife", target: "es2020", write: false });
process.stdout.write(bundle.outputFiles[0].text);
"""
NOWHERE = "https://phone.invalid/"  # answered here; secure, so that the browser's own cryptography is there


def modules() -> str:
    command = ["node", "--input-type=module", "-e", BUILD, str(HERE / "vectors.js")]
    return subprocess.run(command, cwd=PHONE, capture_output=True, text=True, check=True).stdout


def load(page: Page, script: str) -> Page:
    """An empty page that holds the modules as `vectors`."""
    page.route(NOWHERE, lambda route: route.fulfill(content_type="text/html", body="<!doctype html><title>-</title>"))
    page.goto(NOWHERE)
    page.evaluate(script)
    return page
