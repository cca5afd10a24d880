"""Says when a wheel is built without the phone's app: it is not in git, and nobody sees from outside that it lacks."""

from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

APP = "client/phone/dist/bundle.json"
MISSING = (
    "this wheel is built WITHOUT the phone's app: `tocsin phone build` and `tocsin demo` will not work where it is "
    "installed; `make demo ONCE=1` builds the app, then build the wheel again"
)


class AppHook(BuildHookInterface):
    """Look for the built app before a wheel is made. An editable install takes it from the folder once it is there."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Warn when the app is not there."""
        if version == "standard" and not (Path(self.root) / APP).is_file():
            self.app.display_warning(f"warning: {MISSING}")
