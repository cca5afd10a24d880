"""The site's content security policy and headers, and the files that tell a host of them."""

import base64
import hashlib
from collections.abc import Iterable, Mapping
from urllib.parse import urlsplit

# Nothing unsafe, no host but the relays; what is not named falls back to 'none'.
_SITE = {
    "default-src": "'none'",
    "script-src": "'self'",
    "style-src": "'self'",
    "img-src": "'self' blob:",  # photos that were just taken
    "media-src": "blob:",  # voice notes
    "connect-src": "'self'",
    "manifest-src": "'self'",
    "worker-src": "'self'",
    "base-uri": "'none'",
    "form-action": "'none'",
    "require-trusted-types-for": "'script'",
    "trusted-types": "app",  # the page's one policy, which lets the service worker's address through and nothing else
}
# The one-file copy loads nothing from anywhere; its icon stands in it.
_SINGLE = {"img-src": "blob: data:", "connect-src": "", "manifest-src": "'none'", "worker-src": "'none'"}

# Only what a press needs, and only for the app itself.
PERMISSIONS = (
    "camera=(self), geolocation=(self), microphone=(self), screen-wake-lock=(self), "
    "accelerometer=(), autoplay=(), browsing-topics=(), display-capture=(), encrypted-media=(), fullscreen=(), "
    "gamepad=(), gyroscope=(), hid=(), identity-credentials-get=(), idle-detection=(), keyboard-map=(), "
    "local-fonts=(), magnetometer=(), midi=(), otp-credentials=(), payment=(), picture-in-picture=(), "
    "publickey-credentials-create=(), publickey-credentials-get=(), serial=(), storage-access=(), usb=(), "
    "xr-spatial-tracking=()"
)


def hashed(text: str) -> str:
    """Return an inline script or style as a policy names it."""
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"


def sources(relays: Iterable[str]) -> list[str]:
    """Return relays as a policy names them, each once, in order; `;` and `,` would end the rule and are escaped."""
    named = (relay if not urlsplit(relay).path else f"{relay}/" for relay in relays)
    return sorted({address.replace(";", "%3B").replace(",", "%2C") for address in named})


def policy(relays: Iterable[str], *, style: str, script: str | None = None) -> str:
    """Return the policy of the site, whose page holds this style; with `script` that of the one-file copy.

    Specified in `client/site/site.md`, *Policy*.
    """
    rules = {**_SITE, "style-src": hashed(style)}
    if script is not None:
        rules |= {**_SINGLE, "script-src": hashed(script)}
    rules["connect-src"] = " ".join([rules["connect-src"], *sources(relays)]).strip() or "'none'"
    return "; ".join(f"{name} {value}" for name, value in rules.items())


def headers(rules: str) -> dict[str, str]:
    """Return what the host should send with every file. The policy stands in the page too, for hosts that send none.

    Specified in `client/site/site.md`, *Policy*.
    """
    return {
        "Content-Security-Policy": f"{rules}; frame-ancestors 'none'",
        "Permissions-Policy": PERMISSIONS,
        "Referrer-Policy": "no-referrer",
        "X-Content-Type-Options": "nosniff",
        "X-Frame-Options": "DENY",
        "Cross-Origin-Opener-Policy": "same-origin",
        "Cross-Origin-Embedder-Policy": "require-corp",
        "Cross-Origin-Resource-Policy": "same-origin",
        "X-Robots-Tag": "noindex, nofollow, noarchive",
        "Cache-Control": "no-cache",  # the service worker keeps; a host's cache would only mix two releases
    }


def netlify(sent: Mapping[str, str]) -> str:
    """Return `_headers`, as Netlify, Cloudflare Pages and others read it."""
    return "/*\n" + "".join(f"  {name}: {value}\n" for name, value in sent.items())


def caddy(sent: Mapping[str, str]) -> str:
    """Return the lines for a site block of a Caddyfile. No log: it would hold the addresses of those who came."""
    lines = "".join(f"\t{name} `{value}`\n" for name, value in sent.items())
    return f"header {{\n{lines}}}\nencode zstd gzip\nfile_server\nlog {{\n\toutput discard\n}}\n"


def nginx(sent: Mapping[str, str]) -> str:
    """Return the lines for a server block of nginx. No log: it would hold the addresses of those who came."""
    lines = "".join(f'add_header {name} "{value}" always;\n' for name, value in sent.items())
    types = "include mime.types;\ntypes { application/manifest+json webmanifest; }\ngzip on;\n"
    kinds = "gzip_types text/css text/javascript application/json application/manifest+json;\n"
    return f"{types}{kinds}access_log off;\n{lines}"
